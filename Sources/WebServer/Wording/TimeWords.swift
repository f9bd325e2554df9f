import CivilTime

/// Times and durations as pages say them.
///
/// All times are UTC.
struct TimeWords {
    let now: Timestamp

    /// `2026-11-21 09:03:47`.
    static func absolute(_ instant: Timestamp) -> String {
        String(String(instant.iso8601.replacing("T", with: " ")).prefix(19))
    }

    /// `2026-11-21 09:03`.
    static func minute(_ instant: Timestamp) -> String { String(absolute(instant).prefix(16)) }

    /// `2026-11-21 09:03:47 UTC`.
    static func full(_ instant: Timestamp) -> String { absolute(instant) + " UTC" }

    /// `in 12m`, `3h 5m ago`, `now`.
    func relative(_ instant: Timestamp) -> String {
        let distance = (instant - now).wholeMicroseconds
        if abs(distance) < 1_000_000 { return "now" }
        let seconds = Int64(distance.magnitude) / 1_000_000
        let words = Duration.seconds(seconds).humanText(units: 2)
        return distance > 0 ? "in \(words)" : "\(words) ago"
    }

    /// From `start` to `end`, or to now for what has not ended.
    func duration(from start: Timestamp?, to end: Timestamp?) -> String {
        guard let start else { return "" }
        return Self.duration((end ?? now) - start)
    }

    /// `took 3s`, or `running for 3s` without an end.
    func took(from start: Timestamp, to end: Timestamp?) -> String {
        (end == nil ? "running for " : "took ") + duration(from: start, to: end)
    }

    static func duration(_ duration: Duration) -> String {
        let duration = max(duration, .zero)
        let microseconds = duration.wholeMicroseconds
        if microseconds < 1_000 { return "under 1ms" }
        if microseconds < 1_000_000 { return Duration.milliseconds(microseconds / 1_000).humanText() }
        if microseconds < 10_000_000 {
            let tenths = microseconds / 100_000
            return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
        }
        return Duration.seconds(microseconds / 1_000_000).humanText(units: 2)
    }

    /// A `<time>` of an instant for templates: absolute, with the relative form beside it.
    func view(_ instant: Timestamp) -> [String: Any] {
        ["iso": instant.iso8601, "text": Self.absolute(instant), "relative": relative(instant)]
    }
}
