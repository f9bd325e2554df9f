import CivilTime

extension Timestamp {
    /// As Python's `isoformat()` writes it in UTC: `2026-01-01T00:00:00+00:00`.
    var airflowText: String {
        let text = iso8601
        return text.hasSuffix("Z") ? text.dropLast() + "+00:00" : text
    }
}
