package import CivilTime

extension Timetable {
    /// The first instant whose due time is strictly after `due`, within the bounds; nil when there is none.
    package func next(after due: Timestamp, bounds: ScheduleBounds = .none) -> DueInstant? {
        switch self {
        case .null, .continuous:
            return nil
        case .once:
            guard let start = bounds.start, start > due, bounds.contains(start) else { return nil }
            return DueInstant(at: start)
        case .cronTrigger(let trigger):
            return trigger.next(after: Self.later(due, before: bounds.start))
                .flatMap { bounded($0, by: bounds, interval: trigger.interval) }
        case .deltaTrigger(let schedule):
            return schedule.next(after: due, bounds: bounds)
                .flatMap { bounded($0, by: bounds, interval: schedule.interval) }
        case .events(let events):
            return events.next(after: Self.later(due, before: bounds.start))
                .flatMap { bounded($0, by: bounds, interval: .zero) }
        case .cronDataInterval(let schedule):
            return nextInterval(schedule, after: due, bounds: bounds)
        case .deltaDataInterval(let schedule):
            // Interval ends are starts too, so the interval ending next begins where the last one ended.
            let start = schedule.latest(atOrBefore: due, bounds: bounds) ?? bounds.start
            guard let start, bounds.contains(start) else { return nil }
            return DueInstant(interval: DataInterval(start: start, end: start + schedule.delta))
        case .assets(_, let time):
            return time?.next(after: due, bounds: bounds)
        }
    }

    /// The last instant whose due time is at or before `due`, within the bounds; nil when there is none.
    package func latest(atOrBefore due: Timestamp, bounds: ScheduleBounds = .none) -> DueInstant? {
        switch self {
        case .null, .continuous:
            return nil
        case .once:
            guard let start = bounds.start, start <= due, bounds.contains(start) else { return nil }
            return DueInstant(at: start)
        case .cronTrigger(let trigger):
            return trigger.latest(atOrBefore: Self.earlier(due, bounds.end))
                .flatMap { bounded($0, by: bounds, interval: trigger.interval) }
        case .deltaTrigger(let schedule):
            return schedule.latest(atOrBefore: Self.earlier(due, bounds.end), bounds: bounds)
                .flatMap { bounded($0, by: bounds, interval: schedule.interval) }
        case .events(let events):
            return events.latest(atOrBefore: Self.earlier(due, bounds.end))
                .flatMap { bounded($0, by: bounds, interval: .zero) }
        case .cronDataInterval(let schedule):
            return latestInterval(schedule, atOrBefore: due, bounds: bounds)
        case .deltaDataInterval(let schedule):
            let last = Self.earlier(due - schedule.delta, bounds.end)
            guard let start = schedule.latest(atOrBefore: last, bounds: bounds), bounds.contains(start) else {
                return nil
            }
            return DueInstant(interval: DataInterval(start: start, end: start + schedule.delta))
        case .assets(_, let time):
            return time?.latest(atOrBefore: due, bounds: bounds)
        }
    }

    /// As `latest`, but nil when it is not the latest any more because the schedule has ended since: Airflow, too, makes no run
    /// of the last instant before `end_date` once the one after it is due.
    package func latestNow(atOrBefore due: Timestamp, bounds: ScheduleBounds) -> DueInstant? {
        let latest = latest(atOrBefore: due, bounds: bounds)
        return latest == self.latest(atOrBefore: due, bounds: bounds.withoutEnd) ? latest : nil
    }

    /// The first instant of a DAG that was first seen at `now`.
    ///
    /// Catchup begins at the start; else the schedule begins with the latest instant if there is a start before it, as in
    /// Airflow, and where the timetable says if there is none.
    package func beginning(seen now: Timestamp, bounds: ScheduleBounds, catchup: Bool) -> DueInstant? {
        guard let start = bounds.start else { return first(seen: now, bounds: bounds) }
        if !catchup, latest(atOrBefore: now, bounds: bounds) != nil {
            return latestNow(atOrBefore: now, bounds: bounds) ?? next(after: now, bounds: bounds)
        }
        return next(after: start - .microseconds(1), bounds: bounds)
    }

    /// Every instant whose logical date lies in `from...through` and within the bounds, in order, found as they are
    /// asked for.
    package func instants(
        from: Timestamp, through: Timestamp, bounds: ScheduleBounds = .none
    ) -> DueInstants {
        DueInstants(self, from: from, through: through, bounds: bounds)
    }

    /// What a manual run at `runAfter` is about (Airflow's `infer_manual_data_interval`): the last complete interval
    /// for interval timetables, the trigger's interval before `runAfter`, or an empty one.
    ///
    /// The logical date is `runAfter`.
    package func manual(runAfter: Timestamp, bounds: ScheduleBounds = .none) -> DueInstant {
        DueInstant(due: runAfter, logicalDate: runAfter, interval: manualInterval(runAfter))
    }

    private func manualInterval(_ runAfter: Timestamp) -> DataInterval {
        let empty = DataInterval(at: runAfter)
        switch self {
        case .null, .once, .continuous: return empty
        case .cronTrigger(let trigger): return DataInterval(start: runAfter - trigger.interval, end: runAfter)
        case .deltaTrigger(let schedule): return DataInterval(start: runAfter - schedule.interval, end: runAfter)
        case .deltaDataInterval(let schedule): return DataInterval(start: runAfter - schedule.delta, end: runAfter)
        case .cronDataInterval(let schedule):
            guard let end = schedule.previousFire(atOrBefore: runAfter), let start = schedule.previousFire(before: end)
            else { return empty }
            return DataInterval(start: start, end: end)
        case .events(let events):
            guard events.restrictsToEvents, let event = events.latest(atOrBefore: runAfter) ?? events.dates.first
            else { return empty }
            return DataInterval(at: event)
        case .assets(_, let time): return time?.manualInterval(runAfter) ?? empty
        }
    }

    /// The first run of a DAG that is seen for the first time `now` and has no run yet, where a timetable has a rule of
    /// its own for that: `once` and `continuous` run now when there is no later start date, and a cron trigger without
    /// start date follows `run_immediately`.
    ///
    /// Others begin with `next(after: now)`.
    package func first(seen now: Timestamp, bounds: ScheduleBounds = .none) -> DueInstant? {
        switch self {
        case .once:
            let instant = bounds.start ?? now
            return bounds.contains(instant) ? DueInstant(at: instant) : nil
        case .continuous:
            return continuation(of: nil, now: now, bounds: bounds)
        case .cronTrigger(let trigger) where bounds.start == nil:
            return trigger.first(seen: now).flatMap { bounded($0, by: bounds, interval: trigger.interval) }
        case .assets(_, let time):
            return time?.first(seen: now, bounds: bounds)
        default:
            return next(after: now, bounds: bounds)
        }
    }

    /// The next run of a continuous DAG, asked for when none is running: from the end of the last run's interval (the
    /// start date, else now, for the first) until now.
    ///
    /// A run that follows another has a logical date a microsecond after its interval's start, since the run before may have
    /// that very instant for its own: one with an empty interval does. Nil for other timetables and past the end date.
    package func continuation(of last: DataInterval?, now: Timestamp, bounds: ScheduleBounds = .none) -> DueInstant? {
        guard isContinuous else { return nil }
        let start = last?.end ?? bounds.start ?? now
        let interval = DataInterval(start: start, end: max(start, now))
        if let end = bounds.end, interval.end > end { return nil }
        let logicalDate = last == nil ? start : start + .microseconds(1)
        return DueInstant(due: interval.end, logicalDate: logicalDate, interval: interval)
    }

    /// The instant to look after, so that nothing before a start date is found.
    private static func later(_ due: Timestamp, before start: Timestamp?) -> Timestamp {
        start.map { max(due, $0 - .microseconds(1)) } ?? due
    }

    private static func earlier(_ due: Timestamp, _ end: Timestamp?) -> Timestamp {
        end.map { min(due, $0) } ?? due
    }

    private func bounded(_ fire: Timestamp, by bounds: ScheduleBounds, interval: Duration) -> DueInstant? {
        guard bounds.contains(fire) else { return nil }
        return DueInstant(interval: DataInterval(start: fire - interval, end: fire))
    }

    private func nextInterval(
        _ schedule: CronSchedule, after due: Timestamp, bounds: ScheduleBounds
    ) -> DueInstant? {
        var start = schedule.previousFire(atOrBefore: due)
        if let earliest = bounds.start, start.map({ $0 < earliest }) ?? true {
            start = schedule.nextFire(atOrAfter: earliest)
        }
        guard var start = start ?? schedule.nextFire(after: due), var end = schedule.nextFire(after: start) else {
            return nil
        }
        // Under Airflow's rules for clock changes the interval found may end too early; then the one after it counts.
        while end <= due {
            guard let following = schedule.nextFire(after: end) else { return nil }
            (start, end) = (end, following)
        }
        guard bounds.contains(start) else { return nil }
        return DueInstant(interval: DataInterval(start: start, end: end))
    }

    private func latestInterval(
        _ schedule: CronSchedule, atOrBefore due: Timestamp, bounds: ScheduleBounds
    ) -> DueInstant? {
        guard var end = schedule.previousFire(atOrBefore: due), var start = schedule.previousFire(before: end) else {
            return nil
        }
        if let latest = bounds.end, start > latest {
            guard let last = schedule.previousFire(atOrBefore: latest), let next = schedule.nextFire(after: last) else {
                return nil
            }
            (start, end) = (last, next)
        }
        guard bounds.contains(start) else { return nil }
        return DueInstant(interval: DataInterval(start: start, end: end))
    }
}

/// The instants of a timetable in a range of logical dates, in order and one at a time.
package struct DueInstants: Sequence, IteratorProtocol, Sendable {
    private let timetable: Timetable
    private let from, through: Timestamp
    private let bounds: ScheduleBounds
    private var cursor: Timestamp

    init(_ timetable: Timetable, from: Timestamp, through: Timestamp, bounds: ScheduleBounds) {
        self.timetable = timetable
        self.from = from
        self.through = through
        self.bounds = bounds
        cursor = from + timetable.triggerInterval - .microseconds(1)
    }

    package mutating func next() -> DueInstant? {
        while let instant = timetable.next(after: cursor, bounds: bounds) {
            cursor = instant.due
            guard instant.logicalDate <= through else { return nil }
            if instant.logicalDate >= from { return instant }
        }
        return nil
    }
}

extension Timetable {
    /// How long before its due time a trigger's logical date lies.
    fileprivate var triggerInterval: Duration {
        switch self {
        case .cronTrigger(let trigger): trigger.interval
        case .deltaTrigger(let schedule): schedule.interval
        case .assets(_, let time): time?.triggerInterval ?? .zero
        default: .zero
        }
    }
}
