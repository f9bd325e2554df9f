package import CivilTime

/// When a DAG runs: pure values that answer with instants and never look at a clock.
///
/// The cases are Airflow's timetables. A timetable by time is a set of due instants; `next`, `latest` and `instants` walk
/// it, and every one of them may be asked about any moment.
package indirect enum Timetable: Sendable, Hashable {
    /// Only triggered: `schedule: null`.
    case null
    /// `@once`: at the start date. Without a start date the moment the DAG is first seen is known to the caller alone:
    /// see `first(seen:bounds:)`.
    case once
    /// `@continuous`: again as soon as the last run has ended. It has no instants of its own: see
    /// `continuation(of:now:bounds:)`.
    case continuous
    /// A plain cron string, `CronTriggerTimetable`, `MultipleCronTriggerTimetable`: the logical date is the fire time and
    /// the data interval is empty, or ends at the fire time.
    case cronTrigger(CronTrigger)
    /// `CronDataIntervalTimetable`: an interval from one fire time to the next, due at its end.
    case cronDataInterval(CronSchedule)
    /// `DeltaTriggerTimetable`: every so long, beginning at the start date.
    case deltaTrigger(DeltaSchedule)
    /// `DeltaDataIntervalTimetable`: intervals of a fixed length, the first at the start date, due at their ends.
    case deltaDataInterval(DeltaSchedule)
    /// `EventsTimetable`.
    case events(EventDates)
    /// New events of assets; with `time`, also at that timetable's instants (`AssetOrTimeSchedule`).
    case assets(AssetCondition, time: Timetable?)

    /// What a plain cron string means: a trigger with an empty data interval.
    package static func cron(_ schedule: CronSchedule) -> Timetable {
        .cronTrigger(CronTrigger([schedule]))
    }

    /// A plain cron string, read.
    ///
    /// Throws `CronError`.
    package static func cron(
        parsing text: String, zone: TimeZoneRules = .utc, policy: DSTPolicy = .debian
    ) throws(CronError) -> Timetable {
        .cron(try CronSchedule(parsing: text, zone: zone, policy: policy))
    }

    /// Whether it has due instants; false for `null`, `continuous` and assets alone.
    package var isTimeBased: Bool {
        switch self {
        case .null, .continuous: false
        case .assets(_, let time): time?.isTimeBased ?? false
        default: true
        }
    }

    /// Whether the scheduler ever makes a run by itself (Airflow's `can_be_scheduled`): by time, continuously or for
    /// assets.
    package var canBeScheduled: Bool { self != .null }

    /// Whether runs follow one another without a pause, one at a time.
    package var isContinuous: Bool {
        if case .continuous = self { return true }
        return false
    }

    /// Whether there is one run ever.
    package var runsOnce: Bool {
        if case .once = self { return true }
        return false
    }

    /// The assets whose events start runs; nil when none do.
    package var assetCondition: AssetCondition? {
        if case .assets(let condition, _) = self { return condition }
        return nil
    }

    /// The cron schedules in it, for previews and warnings.
    package var cronSchedules: [CronSchedule] {
        switch self {
        case .cronTrigger(let trigger): trigger.schedules
        case .cronDataInterval(let schedule): [schedule]
        case .assets(_, let time): time?.cronSchedules ?? []
        default: []
        }
    }

    /// Whether it is by time and yet no instant can ever come (31 April, an empty list of events).
    package var neverFires: Bool {
        switch self {
        case .cronTrigger(let trigger): trigger.schedules.allSatisfy(\.neverFires)
        case .cronDataInterval(let schedule): schedule.neverFires
        case .events(let events): events.dates.isEmpty
        case .assets(_, let time): time?.neverFires ?? false
        default: false
        }
    }
}
