/// A half-open span of time, `start` included and `end` excluded, in UTC.
///
/// A run that moves data owns one. Empty (`start == end`) means the run has a moment but no span, as Airflow's plain
/// cron schedules have.
package struct DataInterval: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The first instant inside.
    package var start: Timestamp
    /// The first instant after; never before `start` in values our timetables make.
    package var end: Timestamp

    /// The interval from `start` up to `end`.
    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The empty interval at one instant.
    package init(at instant: Timestamp) {
        self.init(start: instant, end: instant)
    }

    /// True when no instant is inside.
    package var isEmpty: Bool { end <= start }

    /// The time from start to end.
    package var duration: Duration { end - start }

    /// Whether an instant is inside: at or after `start` and before `end`.
    package func contains(_ instant: Timestamp) -> Bool {
        start <= instant && instant < end
    }

    /// Whether two intervals share an instant; an empty one overlaps nothing.
    package func overlaps(_ other: DataInterval) -> Bool {
        !isEmpty && !other.isEmpty && start < other.end && other.start < end
    }

    /// ISO 8601's form of an interval, `start/end`.
    package var description: String { "\(start.iso8601)/\(end.iso8601)" }
}
