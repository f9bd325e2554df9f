import CivilTime

/// JSON Schema's `format` of texts, as far as parameters use it.
enum TextFormat {
    /// What the text should have been; nil when it is right or the format is not known.
    static func problem(of text: String, as format: String) -> String? {
        switch format {
        case "date":
            guard text.utf8.count == 10, ISO8601.parse(text + "T00:00:00Z") != nil else {
                return "a date such as 2026-01-31"
            }
        case "date-time":
            guard let parsed = ISO8601.parse(text), parsed.offsetSeconds != nil, text.utf8.count > 10 else {
                return "a date and time with an offset, such as 2026-01-31T08:00:00Z"
            }
        case "time":
            guard ISO8601.parse("2026-01-01T" + text) != nil else { return "a time such as 08:30:00" }
        case "email":
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return "an e-mail address" }
        case "uri":
            guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
                return "a URI such as https://…"
            }
        case "ipv4":
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else {
                return "an address such as 192.0.2.1"
            }
        default: break
        }
        return nil
    }
}
