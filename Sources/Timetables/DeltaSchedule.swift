import CivilTime

/// Instants a fixed time apart, counted from an anchor: the DAG's start date, else the Unix epoch.
package struct DeltaSchedule: Sendable, Hashable, Codable {
    /// The time from one instant to the next; at least a second.
    package let delta: Duration
    /// For triggers: the length of each run's data interval, which ends at the run time; zero for none.
    package let interval: Duration

    /// A schedule from its parts.
    ///
    /// Throws `TimetableError` for a delta below one second or a negative interval.
    package init(delta: Duration, interval: Duration = .zero) throws(TimetableError) {
        guard delta >= .seconds(1) else {
            throw TimetableError(description: "the delta \(delta.humanText()) is too short; use one second or more")
        }
        guard interval >= .zero else {
            throw TimetableError(description: "the interval \(interval.humanText()) is negative; use 0s or more")
        }
        self.delta = delta
        self.interval = interval
    }

    /// The first instant strictly after another, not before the anchor if it is a start date.
    func next(after instant: Timestamp, bounds: ScheduleBounds) -> Timestamp? {
        if let start = bounds.start, instant < start { return start }
        return step(from: instant, by: 1, bounds: bounds)
    }

    /// The last instant at or before another; nil before a start date.
    func latest(atOrBefore instant: Timestamp, bounds: ScheduleBounds) -> Timestamp? {
        if let start = bounds.start, instant < start { return nil }
        return step(from: instant, by: 0, bounds: bounds)
    }

    private func step(from instant: Timestamp, by steps: Int64, bounds: ScheduleBounds) -> Timestamp? {
        let size = delta.wholeMicroseconds
        let anchor = bounds.start ?? .epoch
        let count = (instant - anchor).wholeMicroseconds.flooredQuotient(size) + steps
        let (distance, overflow) = count.multipliedReportingOverflow(by: size)
        return overflow ? nil : anchor + .microseconds(distance)
    }

    private enum Key: String, CodingKey { case delta, interval }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let text = try container.decode(String.self, forKey: .delta)
        try self.init(
            delta: Duration(parsing: text), interval: try container.decodeDuration(forKey: .interval) ?? .zero)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(delta.iso8601, forKey: .delta)
        if interval != .zero { try container.encode(interval.iso8601, forKey: .interval) }
    }
}
