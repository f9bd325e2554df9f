/// A field of a cron expression, in the order they are written.
package enum CronField: Int, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case minute, hour, dayOfMonth, month, dayOfWeek, second

    /// The name used in messages, as in crontab(5).
    package var description: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day-of-month"
        case .month: "month"
        case .dayOfWeek: "day-of-week"
        case .second: "second"
        }
    }

    /// The numbers the field accepts; 7 is a second way to write Sunday.
    var range: ClosedRange<Int> {
        switch self {
        case .minute, .second: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The last number of one turn of the field: what `*` covers and where a reversed range wraps.
    var last: Int { self == .dayOfWeek ? 6 : range.upperBound }

    /// Three-letter names, the first standing for `range.lowerBound`.
    var names: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        default: []
        }
    }

    /// What is right here, for the end of a message.
    var expectation: String {
        switch self {
        case .minute, .second, .hour: "0 to \(range.upperBound)"
        case .dayOfMonth: "1 to 31 or L (the last day)"
        case .month: "1 to 12 or JAN to DEC"
        case .dayOfWeek: "0 to 7 (0 and 7 are Sunday) or SUN to SAT"
        }
    }
}

/// Why a text is not a cron expression.
package struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole text.
    package let expression: String
    /// The field at fault; nil when the fault is with the text as a whole.
    package let field: CronField?
    /// The part of the text that was found wanting; empty when something is missing.
    package let found: String
    /// Where `found` begins, counting characters of the text from 1.
    package let column: Int
    /// What is wrong and what would be right.
    package let reason: String

    /// One sentence for people: `cron "60 * * * *": minute field, column 1: 60 is out of range; use 0 to 59`.
    package var description: String {
        let place = field.map { "\($0) field, column \(column): " } ?? ""
        return "cron \"\(Self.shortened(expression))\": \(place)\(reason)"
    }

    /// Text from outside, kept short and on one line.
    static func shortened(_ text: String, limit: Int = 80) -> String {
        let shown = text.unicodeScalars.prefix(limit).map { $0.value < 32 ? " " : Character($0) }
        return String(shown) + (text.unicodeScalars.count > limit ? "…" : "")
    }
}
