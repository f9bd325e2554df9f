package import CivilTime

/// One moment at which a timetable asks for a run.
package struct DueInstant: Sendable, Hashable, Codable {
    /// When the run may start, Airflow's `run_after`.
    package let due: Timestamp
    /// The run's name in time, Airflow's `logical_date`: the interval's start.
    package let logicalDate: Timestamp
    /// The span the run is about; empty for plain triggers.
    package let interval: DataInterval

    /// An instant from its parts.
    package init(due: Timestamp, logicalDate: Timestamp, interval: DataInterval) {
        self.due = due
        self.logicalDate = logicalDate
        self.interval = interval
    }

    /// A run about an interval, due when it ends.
    package init(interval: DataInterval) {
        self.init(due: interval.end, logicalDate: interval.start, interval: interval)
    }

    /// A run at a moment, about no span.
    package init(at instant: Timestamp) {
        self.init(interval: DataInterval(at: instant))
    }
}

/// A DAG's `start_date` and `end_date`: both inclusive, nil for none.
///
/// As in Airflow they bound the logical date, except for triggers with an `interval`, where they bound the time of the
/// trigger. Delta timetables count from the start.
package struct ScheduleBounds: Sendable, Hashable, Codable {
    package var start: Timestamp?
    package var end: Timestamp?

    /// Bounds from `start_date` and `end_date`.
    package init(start: Timestamp? = nil, end: Timestamp? = nil) {
        self.start = start
        self.end = end
    }

    /// No bounds.
    package static let none = ScheduleBounds()

    /// As if the schedule never ended.
    package var withoutEnd: ScheduleBounds { ScheduleBounds(start: start) }

    func contains(_ instant: Timestamp) -> Bool {
        (start.map { instant >= $0 } ?? true) && (end.map { instant <= $0 } ?? true)
    }
}

/// Why a timetable's parts make no timetable.
package struct TimetableError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence for people, with what would be right.
    package let description: String
}
