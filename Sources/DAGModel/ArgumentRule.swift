import CivilTime

/// What a literal argument must be beyond its kind, so that a document is refused before a run finds out.
package enum ArgumentRule: String, Sendable, Hashable, Codable {
    /// A text, or a list of texts, with more than blanks in it.
    case notBlank = "not_blank"
    /// The exit status of a process, 0 to 255, or a list of them.
    case exitStatuses = "exit_statuses"
    case utf8
    /// `14:30` or `14:30:05`.
    case timeOfDay = "time_of_day"
    /// ISO 8601, with or without an offset.
    case dateTime = "date_time"
    case absolutePath = "absolute_path"
    case httpMethod = "http_method"
    /// Ids of tasks directly below the one that has the argument.
    case tasksBelow = "tasks_below"

    package static let httpMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]

    /// What would be right, for a message that begins with "takes".
    package var expectation: String {
        switch self {
        case .notBlank: "a text that is not empty"
        case .exitStatuses: "an exit status from 0 to 255, or a list of them"
        case .utf8: "utf-8 and nothing else"
        case .timeOfDay: "a time of day such as 14:30 or 14:30:05"
        case .dateTime: "a date and time such as 2026-01-01T00:00:00Z"
        case .absolutePath: "a path that begins with /"
        case .httpMethod: Self.httpMethods.joined(separator: ", ")
        case .tasksBelow: "ids of tasks"
        }
    }

    /// Whether a literal is right; null always is.
    package func allows(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (_, .null): true
        case (.notBlank, .string(let text)): !text.allSatisfy(\.isWhitespace)
        case (.notBlank, .array(let elements)): elements.contains { allows($0) }
        case (.exitStatuses, .array(let elements)): elements.allSatisfy { Self.isExitStatus($0) }
        case (.exitStatuses, _): Self.isExitStatus(value)
        case (.utf8, .string(let text)): ["utf-8", "utf8"].contains(text.lowercased())
        case (.timeOfDay, .string(let text)): TimeOfDay(text) != nil
        case (.dateTime, .string(let text)): ISO8601.parse(text.replacing(" ", with: "T", maxReplacements: 1)) != nil
        case (.absolutePath, .string(let text)): text.hasPrefix("/")
        case (.httpMethod, .string(let text)): Self.httpMethods.contains(text.uppercased())
        default: true
        }
    }

    private static func isExitStatus(_ value: JSONValue) -> Bool {
        guard let number = value.intValue ?? value.stringValue.flatMap({ Int64($0) }) else { return false }
        return (0...255).contains(number)
    }
}

/// A time on the clock: `14:30` or `14:30:05`.
package struct TimeOfDay: Hashable, Sendable {
    package let hour: Int
    package let minute: Int
    package let second: Int

    /// Nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            .map { part in part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil }
        guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1],
            let second = parts.count == 3 ? parts[2] : 0, hour < 24, minute < 60, second < 60
        else { return nil }
        self.hour = hour
        self.minute = minute
        self.second = second
    }
}
