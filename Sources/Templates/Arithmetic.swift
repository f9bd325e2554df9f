import CivilTime
import Glibc

/// Python's operators on template values.
enum Arithmetic {
    static func unary(_ symbol: UnaryOperator, _ value: Value) throws(Failure) -> Value {
        switch symbol {
        case .not: return .bool(try !value.isTrue)
        case .plus:
            guard value.number != nil else { throw Failure("'+' takes a number, found \(value.kindDescription)") }
            if let number = value.integer { return .int(number) }
            return value
        case .negate:
            if let number = value.integer {
                guard number != .min else { throw tooLarge }
                return .int(-number)
            }
            if case .duration(let span) = value {
                if case .interval(let from, let to) = span.form {
                    return .duration(Span(microseconds: -span.microseconds, form: .interval(from: to, to: from)))
                }
                return .duration(Span(microseconds: -span.microseconds, form: span.form))
            }
            guard let number = value.number else { throw Failure("'-' takes a number, found \(value.kindDescription)") }
            return .double(-number)
        }
    }

    static func binary(_ symbol: BinaryOperator, _ left: Value, _ right: Value) throws(Failure) -> Value {
        switch (symbol, left, right) {
        case (.concatenate, _, _): return .string(try bounded(try left.text() + right.text()))
        case (.add, .markup, .string), (.add, .string, .markup), (.add, .markup, .markup):
            return .markup(try bounded(Markup.escaped(left) + Markup.escaped(right)))
        case (.add, .string(let first), .string(let second)): return .string(try bounded(first + second))
        case (.add, .list(let first), .list(let second)) where first.isPlain && second.isPlain:
            return .list(try joined(first, second))
        case (.add, .tuple(let first), .tuple(let second)): return .tuple(try joined(first, second))
        case (.multiply, .list(let list), _) where list.isPlain, (.multiply, _, .list(let list)) where list.isPlain:
            guard let count = left.integer ?? right.integer else { break }
            return .list(try repeated(list, count))
        case (.multiply, .tuple(let list), _), (.multiply, _, .tuple(let list)):
            guard let count = left.integer ?? right.integer else { break }
            return .tuple(try repeated(list, count))
        case (.multiply, .string(let text), _), (.multiply, _, .string(let text)), (.multiply, .markup(let text), _),
            (.multiply, _, .markup(let text)):
            guard let count = left.integer ?? right.integer else { break }
            let result = try repeated(text, count)
            return left.plainString == nil ? right.like(result) : left.like(result)
        case (.add, .date(let date), .duration(let span)), (.add, .duration(let span), .date(let date)):
            return .date(try date.adding(microseconds: span.microseconds))
        case (.subtract, .date(let date), .duration(let span)):
            return .date(try date.adding(microseconds: -span.microseconds))
        case (.subtract, .date(let first), .date(let second)): return .duration(try first - second)
        case (.remainder, .string, _), (.remainder, .markup, _): return try formatted(left, right)
        case (_, .duration, _), (_, _, .duration):
            if let result = try span(symbol, left, right) { return result }
        default: break
        }
        if let first = left.integer, let second = right.integer { return try whole(symbol, first, second) }
        guard let first = left.number, let second = right.number else {
            throw Failure("'\(symbol.rawValue)' cannot join \(left.kindDescription) and \(right.kindDescription)")
        }
        return try decimal(symbol, first, second)
    }

    /// `'%s' % value`; a format that is markup escapes its values.
    static func formatted(_ format: Value, _ values: Value) throws(Failure) -> Value {
        guard case .markup(let text) = format else {
            return .string(try bounded(try PercentFormat.text(try format.text(), values)))
        }
        return .markup(try bounded(try PercentFormat.text(text, values, escapes: true)))
    }

    private static func repeated(_ text: String, _ count: Int64) throws(Failure) -> String {
        guard count <= 1 << 20 else { throw tooLarge }
        guard count <= 0 || text.utf8.count <= Template.maximumOutput / Int(count) else {
            throw Failure("the text would be longer than \(Template.maximumOutput) bytes")
        }
        return try bounded(String(repeating: text, count: max(Int(count), 0)))
    }

    static func compare(_ symbol: ComparisonOperator, _ left: Value, _ right: Value) throws(Failure) -> Bool {
        switch symbol {
        case .equal: return try left.equals(right)
        case .notEqual: return try !left.equals(right)
        case .isIn: return try contains(right, left)
        case .isNotIn: return try !contains(right, left)
        case .less: return try precedes(left, right)
        case .greater: return try precedes(right, left)
        case .lessOrEqual: return try precedes(left, right) ? true : try left.equals(right)
        case .greaterOrEqual: return try precedes(right, left) ? true : try left.equals(right)
        }
    }

    /// Python's `<`.
    static func precedes(_ left: Value, _ right: Value) throws(Failure) -> Bool {
        switch (try left.checked().unmarked, try right.checked().unmarked) {
        case (.string(let first), .string(let second)):
            try Meter.charge(bytes: min(first.utf8.count, second.utf8.count))
            return first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
        case (.date(let first), .date(let second)): return try first.precedes(second)
        case (.duration(let first), .duration(let second)): return first.microseconds < second.microseconds
        case (.int(let first), .int(let second)): return first < second
        case (.list(let first), .list(let second)) where !first.isPlain || !second.isPlain:
            throw Failure("\(left.kindDescription) and \(right.kindDescription) have no order")
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            try Meter.charge(min(first.count, second.count))
            for (one, other) in zip(first, second) where try !one.equals(other) { return try precedes(one, other) }
            return first.count < second.count
        default:
            guard left.number != nil, right.number != nil else {
                throw Failure("\(left.kindDescription) and \(right.kindDescription) have no order")
            }
            return Value.order(left, right) == -1
        }
    }

    static func contains(_ container: Value, _ element: Value) throws(Failure) -> Bool {
        switch container {
        case .list(let list), .tuple(let list):
            let elements = list.taken()
            try Meter.charge(elements.count >> 6)
            for candidate in elements where try candidate.equals(element) { return true }
            return false
        case .map(let entries):
            try element.checkHashable()
            return try Value.lookup(element, in: entries) != nil
        case .string(let text), .markup(let text):
            guard let part = element.plainString else {
                throw Failure("only a string can be in a string, not \(element.kindDescription)")
            }
            try Meter.charge(bytes: text.utf8.count)
            if part.isEmpty { return true }
            return try text.firstRange(ofScalars: part) != nil
        default: throw Failure("'in' takes a list, a mapping or a string, found \(container.kindDescription)")
        }
    }

    private static func joined(_ first: ValueList, _ second: ValueList) throws(Failure) -> [Value] {
        try Meter.charge((first.count + second.count) >> 2)
        return first.elements + second.elements
    }

    private static func repeated(_ list: ValueList, _ count: Int64) throws(Failure) -> [Value] {
        let elements = list.elements
        guard count > 0, !elements.isEmpty else { return [] }
        let (total, overflow) = elements.count.multipliedReportingOverflow(by: Int(clamping: count))
        guard !overflow else { throw tooLarge }
        try Meter.charge(total)
        return Array(repeatElement(elements, count: Int(count)).joined())
    }

    static let tooLarge = Failure("the result is too large: integers have 64 bits")

    private static func bounded(_ text: String) throws(Failure) -> String {
        try Meter.charge(bytes: text.utf8.count)
        guard text.utf8.count <= Template.maximumOutput else {
            throw Failure("the text is longer than \(Template.maximumOutput) bytes")
        }
        return text
    }

    private static func whole(_ symbol: BinaryOperator, _ left: Int64, _ right: Int64) throws(Failure) -> Value {
        let result: (partialValue: Int64, overflow: Bool)
        switch symbol {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide: return try decimal(symbol, Double(left), Double(right))
        case .floorDivide, .remainder:
            guard right != 0 else { throw Failure("division by zero") }
            guard right != -1 else {
                guard left != .min else { throw tooLarge }
                return .int(symbol == .floorDivide ? -left : 0)
            }
            let quotient = left / right
            let remainder = left % right
            let adjusts = remainder != 0 && (remainder < 0) != (right < 0)
            return .int(symbol == .floorDivide ? quotient - (adjusts ? 1 : 0) : remainder + (adjusts ? right : 0))
        case .power:
            guard right >= 0 else { return try decimal(symbol, Double(left), Double(right)) }
            return .int(try power(left, right))
        case .concatenate: throw Failure("'~' joins texts")
        }
        guard !result.overflow else { throw tooLarge }
        return .int(result.partialValue)
    }

    private static func power(_ base: Int64, _ exponent: Int64) throws(Failure) -> Int64 {
        if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        var result: Int64 = 1
        for _ in 0..<min(exponent, 64) {
            let (product, overflow) = result.multipliedReportingOverflow(by: base)
            guard !overflow else { throw tooLarge }
            result = product
        }
        return result
    }

    private static func decimal(_ symbol: BinaryOperator, _ left: Double, _ right: Double) throws(Failure) -> Value {
        switch symbol {
        case .add: return .double(left + right)
        case .subtract: return .double(left - right)
        case .multiply: return .double(left * right)
        case .divide, .floorDivide, .remainder:
            guard right != 0 else { throw Failure("division by zero") }
            if symbol == .divide { return .double(left / right) }
            let quotient = (left / right).rounded(.down)
            if symbol == .floorDivide { return .double(quotient) }
            // Python's remainder is exact, and has the divisor's sign.
            let rest = fmod(left, right)
            if rest == 0 { return .double(copysign(0, right)) }
            return .double((rest < 0) != (right < 0) ? rest + right : rest)
        case .power:
            if left == 0, right < 0 { throw Failure("zero cannot be raised to a negative power") }
            if left < 0, right != right.rounded(), right.isFinite {
                throw Failure("a negative number to a broken power is a complex number, which templates do not have")
            }
            let result = pow(left, right)
            guard !result.isInfinite || left.isInfinite || right.isInfinite else {
                throw Failure("the result is too large for a number with a fraction")
            }
            return .double(result)
        case .concatenate: throw Failure("'~' joins texts")
        }
    }
}
