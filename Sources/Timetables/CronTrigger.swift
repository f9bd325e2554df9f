import CivilTime

/// Runs at the times of one or more cron schedules: Airflow's `CronTriggerTimetable` and
/// `MultipleCronTriggerTimetable`, and what a plain cron string means.
package struct CronTrigger: Sendable, Hashable, Codable {
    /// What the first run of a DAG without `start_date` is.
    package enum RunImmediately: Sendable, Hashable {
        /// The next time of the schedule.
        case never
        /// The last time of the schedule, at once.
        case always
        /// The last time if it is no longer ago than this, else the next.
        case within(Duration)
        /// As `within` a tenth of the time between the last and the next, at least five minutes.
        case automatic
    }

    /// The run times are the union of theirs.
    package let schedules: [CronSchedule]
    /// The length of each run's data interval, which ends at the run time; zero for none.
    package let interval: Duration
    package let runImmediately: RunImmediately

    /// A trigger from its parts; a negative interval is an empty one.
    package init(_ schedules: [CronSchedule], interval: Duration = .zero, runImmediately: RunImmediately = .never) {
        self.schedules = schedules
        self.interval = max(interval, .zero)
        self.runImmediately = runImmediately
    }

    /// The first run time strictly after an instant.
    func next(after instant: Timestamp) -> Timestamp? {
        schedules.lazy.compactMap { $0.nextFire(after: instant) }.min()
    }

    /// The last run time at or before an instant.
    func latest(atOrBefore instant: Timestamp) -> Timestamp? {
        schedules.lazy.compactMap { $0.previousFire(atOrBefore: instant) }.max()
    }

    /// The first run of a DAG without start date that is first seen `now`.
    func first(seen now: Timestamp) -> Timestamp? {
        guard let past = latest(atOrBefore: now), runImmediately != .never else {
            return schedules.contains { $0.fires(at: now) } ? now : next(after: now)
        }
        let next = next(after: now)
        let age = now - past
        switch runImmediately {
        case .never: return next
        case .always: return past
        case .within(let limit): return age <= limit ? past : next
        case .automatic:
            guard let next else { return past }
            return age <= max((next - past) / 10, .seconds(300)) ? past : next
        }
    }

    private enum Key: String, CodingKey {
        case schedules, interval
        case runImmediately = "run_immediately"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decode([CronSchedule].self, forKey: .schedules),
            interval: try container.decodeDuration(forKey: .interval) ?? .zero,
            runImmediately: try container.decodeIfPresent(RunImmediately.self, forKey: .runImmediately) ?? .never)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(schedules, forKey: .schedules)
        if interval != .zero { try container.encode(interval.iso8601, forKey: .interval) }
        if runImmediately != .never { try container.encode(runImmediately, forKey: .runImmediately) }
    }
}

extension CronTrigger.RunImmediately: Codable {
    /// Reads true, false, `"auto"` or a duration.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = flag ? .always : .never
            return
        }
        let text = try container.decode(String.self)
        self = text == "auto" ? .automatic : .within(try Duration(parsing: text))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .never: try container.encode(false)
        case .always: try container.encode(true)
        case .within(let limit): try container.encode(limit.iso8601)
        case .automatic: try container.encode("auto")
        }
    }
}

extension KeyedDecodingContainer {
    /// A duration written as text, nil when the key is absent.
    func decodeDuration(forKey key: Key) throws -> Duration? {
        try decodeIfPresent(String.self, forKey: key).map { try Duration(parsing: $0) }
    }
}
