import CivilTime

/// A time span: Python's timedelta, or what pendulum has instead of it.
struct Span: Sendable {
    enum Form: Sendable {
        case timedelta
        /// What pendulum's intervals come to when they are calculated with.
        case duration
        /// The difference of two of pendulum's dates.
        case interval(from: DateValue, to: DateValue)
    }

    /// Within `range`.
    let microseconds: Int64
    let form: Form

    /// Half of what 64 bits hold, about 146,000 years either way: negating and adding two of them need no check.
    private static let range: ClosedRange<Int64> = -(1 << 62)...(1 << 62)

    /// A span that is known to be short, as the difference of two dates is.
    init(microseconds: Int64, form: Form = .timedelta) {
        self.microseconds = min(max(microseconds, Self.range.lowerBound), Self.range.upperBound)
        self.form = form
    }

    /// A span that a template calculated.
    init(bounded microseconds: Int64, form: Form = .timedelta) throws(Failure) {
        guard Self.range.contains(microseconds) else { throw Arithmetic.tooLarge }
        self.init(microseconds: microseconds, form: form)
    }

    var isTimedelta: Bool { if case .timedelta = form { true } else { false } }

    static let methods: Set<String> = [
        "total_seconds", "total_minutes", "total_hours", "total_days", "total_weeks", "in_seconds", "in_minutes",
        "in_hours", "in_days", "in_weeks", "in_words", "as_timedelta", "as_duration",
    ]
    static let names = [
        "days", "seconds", "microseconds", "hours", "minutes", "weeks", "remaining_days", "remaining_seconds", "start",
        "end", "invert",
    ]

    private static let day: Int64 = 86_400_000_000

    /// An attribute; nil when spans of this form have none of that name.
    ///
    /// Python counts days downwards, pendulum all parts towards zero.
    func attribute(_ name: String) -> Value? {
        let floor = microseconds.flooredRemainder(Self.day)
        switch (name, isTimedelta) {
        case ("days", true): return .int(microseconds.flooredQuotient(Self.day))
        case ("seconds", true): return .int(floor / 1_000_000)
        case ("microseconds", true): return .int(floor % 1_000_000)
        case ("days", false): return .int(microseconds / Self.day)
        case ("seconds", false): return .int(microseconds % Self.day / 1_000_000)
        case ("microseconds", false): return .int(microseconds % 1_000_000)
        case ("hours", false): return .int(microseconds % Self.day / 3_600_000_000)
        case ("minutes", false): return .int(microseconds % 3_600_000_000 / 60_000_000)
        case ("remaining_seconds", false): return .int(microseconds % 60_000_000 / 1_000_000)
        case ("invert", false): return .bool(microseconds < 0)
        case ("start", false), ("end", false):
            guard case .interval(let from, let to) = form else { return nil }
            return .date(name == "start" ? from : to)
        case ("weeks", false), ("remaining_days", false):
            // An interval's weeks leave out its months, which this version does not count.
            guard case .duration = form else { return nil }
            let days = microseconds / Self.day
            return .int(name == "weeks" ? days / 7 : days % 7)
        default: return nil
        }
    }

    func has(_ method: String) -> Bool {
        switch method {
        case "total_seconds": true
        case "in_words": if case .duration = form { true } else { false }
        case "as_duration": if case .interval = form { true } else { false }
        default: !isTimedelta && Self.methods.contains(method)
        }
    }

    func call(_ name: String) -> Value {
        let seconds = Double(microseconds) / 1e6
        switch name {
        case "total_seconds": return .double(seconds)
        case "total_minutes": return .double(seconds / 60)
        case "total_hours": return .double(seconds / 3600)
        case "total_days": return .double(seconds / 86_400)
        case "total_weeks": return .double(seconds / 86_400 / 7)
        case "in_seconds": return .int(microseconds / 1_000_000)
        case "in_minutes": return .int(microseconds / 60_000_000)
        case "in_hours": return .int(microseconds / 3_600_000_000)
        case "in_days": return .int(microseconds / Self.day)
        case "in_weeks": return .int(microseconds / Self.day / 7)
        case "as_timedelta": return .duration(Span(microseconds: microseconds))
        case "as_duration": return .duration(Span(microseconds: microseconds, form: .duration))
        default: return .string(words)
        }
    }

    /// `str()`: `1 day, 2:03:04.000005`, pendulum's words, or an interval's two ends.
    var text: String {
        switch form {
        case .duration: return words
        case .interval: return representation
        case .timedelta: break
        }
        let days = microseconds.flooredQuotient(Self.day)
        let rest = microseconds.flooredRemainder(Self.day)
        let seconds = rest / 1_000_000
        var text = days == 0 ? "" : "\(days) day\(abs(days) == 1 ? "" : "s"), "
        text += "\(seconds / 3600):" + padded(Int(seconds / 60 % 60), 2) + ":" + padded(Int(seconds % 60), 2)
        if rest % 1_000_000 != 0 { text += "." + padded(Int(rest % 1_000_000), 6) }
        return text
    }

    /// `repr()`.
    var representation: String {
        switch form {
        case .interval(let from, let to): return "<Interval [\(from.text) -> \(to.text)]>"
        case .duration:
            return "Duration(" + parts.filter { $0.1 != 0 }.map { "\($0.0)s=\($0.1)" }.joined(separator: ", ") + ")"
        case .timedelta: break
        }
        let days = microseconds.flooredQuotient(Self.day)
        let rest = microseconds.flooredRemainder(Self.day)
        var parts: [String] = []
        if days != 0 { parts.append("days=\(days)") }
        if rest / 1_000_000 != 0 { parts.append("seconds=\(rest / 1_000_000)") }
        if rest % 1_000_000 != 0 { parts.append("microseconds=\(rest % 1_000_000)") }
        return "datetime.timedelta(" + (parts.isEmpty ? "0" : parts.joined(separator: ", ")) + ")"
    }

    /// A duration's parts, all with its sign.
    private var parts: [(String, Int64)] {
        let days = microseconds / Self.day
        return [
            ("week", days / 7), ("day", days % 7), ("hour", microseconds % Self.day / 3_600_000_000),
            ("minute", microseconds % 3_600_000_000 / 60_000_000),
            ("second", microseconds % 60_000_000 / 1_000_000), ("microsecond", microseconds % 1_000_000),
        ]
    }

    private var words: String {
        let words = parts.dropLast().filter { $0.1 != 0 }.map { "\($0.1) \($0.0)" + (abs($0.1) == 1 ? "" : "s") }
        if !words.isEmpty { return words.joined(separator: " ") }
        let rest = abs(microseconds % 1_000_000)
        return rest == 0 ? "0 microseconds" : Decimals.fixed(Double(rest) / 1e6, 2) + " seconds"
    }
}

extension Arithmetic {
    /// `+`, `-`, `*`, `/`, `//` and `%` where a span takes part; nil when the operator has no meaning for the values.
    static func span(_ symbol: BinaryOperator, _ left: Value, _ right: Value) throws(Failure) -> Value? {
        switch (symbol, left, right) {
        case (.add, .duration(let one), .duration(let other)):
            return .duration(try joined(one, other, Int64.addingReportingOverflow))
        case (.subtract, .duration(let one), .duration(let other)):
            // A timedelta less one of pendulum's is a timedelta.
            let result = try joined(one, other, Int64.subtractingReportingOverflow)
            return .duration(one.isTimedelta ? Span(microseconds: result.microseconds) : result)
        case (.multiply, .duration(let span), let factor), (.multiply, let factor, .duration(let span)):
            return try scaled(span, by: factor)
        case (.divide, .duration(let one), .duration(let other)):
            try check(one, other)
            return .double(Double(one.microseconds) / Double(other.microseconds))
        case (.floorDivide, .duration(let one), .duration(let other)):
            try check(one, other)
            return .int(one.microseconds.flooredQuotient(other.microseconds))
        case (.remainder, .duration(let one), .duration(let other)):
            try check(one, other)
            return .duration(
                Span(microseconds: one.microseconds.flooredRemainder(other.microseconds), form: outcome(one)))
        case (.divide, .duration(let span), let divisor):
            guard let number = divisor.number else { return nil }
            guard number != 0 else { throw Failure("division by zero") }
            if let whole = divisor.integer { return .duration(divided(span, by: whole)) }
            return .duration(
                try Span(bounded: try microseconds(Double(span.microseconds) / number), form: outcome(span)))
        case (.floorDivide, .duration(let span), let divisor):
            guard let whole = divisor.integer else { return nil }
            guard whole != 0 else { throw Failure("division by zero") }
            return .duration(Span(microseconds: span.microseconds.flooredQuotient(whole), form: outcome(span)))
        default: return nil
        }
    }

    private static func outcome(_ span: Span) -> Span.Form { span.isTimedelta ? .timedelta : .duration }

    private static func joined(
        _ one: Span, _ other: Span, _ operation: (Int64) -> (Int64) -> (partialValue: Int64, overflow: Bool)
    ) throws(Failure) -> Span {
        let (result, overflow) = operation(one.microseconds)(other.microseconds)
        guard !overflow else { throw tooLarge }
        return try Span(bounded: result, form: one.isTimedelta && other.isTimedelta ? .timedelta : .duration)
    }

    /// Pendulum's divisor must be one of its own, as must a divisor's dividend be with Python's own.
    private static func check(_ one: Span, _ other: Span) throws(Failure) {
        guard one.isTimedelta || !other.isTimedelta else {
            throw Failure(
                "pendulum does not divide the difference of two dates by a timedelta",
                hint: "use .total_seconds() of both")
        }
        guard other.microseconds != 0 else { throw Failure("division by zero") }
    }

    private static func scaled(_ span: Span, by factor: Value) throws(Failure) -> Value? {
        if let whole = factor.integer {
            let (result, overflow) = span.microseconds.multipliedReportingOverflow(by: whole)
            guard !overflow else { throw tooLarge }
            return .duration(try Span(bounded: result, form: outcome(span)))
        }
        guard let number = factor.number else { return nil }
        return .duration(
            try Span(bounded: try microseconds(Double(span.microseconds) * number), form: outcome(span)))
    }

    /// Rounded to the even neighbour, as Python does.
    private static func divided(_ span: Span, by divisor: Int64) -> Span {
        let quotient = span.microseconds.flooredQuotient(divisor)
        let rest = span.microseconds.flooredRemainder(divisor).magnitude * 2
        let isUp = rest > divisor.magnitude || rest == divisor.magnitude && quotient & 1 == 1
        return Span(microseconds: quotient + (isUp ? 1 : 0), form: outcome(span))
    }

    static func microseconds(_ number: Double) throws(Failure) -> Int64 {
        guard number.isFinite, abs(number) < 9e18 else { throw tooLarge }
        return Int64(number.rounded(.toNearestOrEven))
    }
}
