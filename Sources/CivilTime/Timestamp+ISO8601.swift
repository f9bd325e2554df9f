extension Timestamp: Codable, CustomStringConvertible, LosslessStringConvertible {
    /// Reads ISO 8601's extended form, nil for anything else.
    ///
    /// `2024-02-29`, `2024-02-29T07:18`, `2024-02-29 07:18:00.25`, each with `Z`, `±hh:mm`, `±hhmm` or `±hh`, or with
    /// no offset, which means UTC. A fraction may have any number of digits; those below a microsecond are cut off.
    package init?(iso8601 text: String) {
        guard let parsed = ISO8601.parse(text) else { return nil }
        let offset = Int64(parsed.offsetSeconds ?? 0) * 1_000_000
        self.init(microseconds: parsed.civil.microsecondsAsUTC - offset)
    }

    /// The instant in UTC, `2026-01-01T00:00:00Z`; six fraction digits follow the seconds only when they are not zero.
    package var iso8601: String {
        ISO8601.text(CivilDateTime(asUTC: self), offsetSeconds: nil)
    }

    package var description: String { iso8601 }

    package init?(_ description: String) {
        self.init(iso8601: description)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "expected an ISO 8601 time such as 2026-01-01T00:00:00Z, not \"\(text)\"")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601)
    }
}
