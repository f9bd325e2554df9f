import CivilTime
import DAGModel

/// Evaluates expressions in one context.
///
/// Every failure gets the offset of the innermost expression it happened in.
struct Evaluator {
    let state: RenderState
    var context: TemplateContext { state.context }

    init(_ state: RenderState) { self.state = state }

    func evaluate(_ expression: Expression) throws(Failure) -> Value {
        do throws(Failure) {
            try Meter.charge(1)
            return try value(of: expression)
        } catch {
            var failure = error
            failure.offset = failure.offset ?? expression.offset
            throw failure
        }
    }

    /// The value; undefined is an error.
    func defined(_ expression: Expression) throws(Failure) -> Value {
        let value = try evaluate(expression)
        if case .undefined(let message, let hint) = value { throw Failure(message, hint: hint, at: expression.offset) }
        return value
    }

    /// Python's truth of a condition.
    func isTrue(_ expression: Expression) throws(Failure) -> Bool {
        let value = try defined(expression)
        if case .object(.params) = value { return !context.params.isEmpty }
        return try value.isTrue
    }

    private func value(of expression: Expression) throws(Failure) -> Value {
        switch expression.kind {
        case .literal(let value): return value
        case .name(let name):
            if let value = state.variable(name) { return value }
            return try context.value(of: name)
        case .attribute(let base, let name): return try attribute(name, of: try defined(base))
        case .item(let base, let index): return try item(try defined(index), of: try defined(base))
        case .slice(let base, let from, let to, let step):
            return try slice(
                try defined(base), from: try bound(from), to: try bound(to), step: try bound(step))
        case .call(let callee, let arguments):
            if let result = try changed(callee, arguments) { return result }
            let function = try defined(callee)
            return try call(function, try evaluated(arguments))
        case .filter(let base, let name, let arguments):
            let input = name == "default" || name == "d" ? try lenient(base) : try defined(base)
            return try Filters.apply(name, to: plain(input), try evaluated(arguments), self)
        case .test(let base, let name, let arguments, let negated):
            let input = name == "defined" || name == "undefined" ? try lenient(base) : try defined(base)
            return .bool(try Tests.check(name, plain(input), try evaluated(arguments)) != negated)
        case .unary(let symbol, let operand): return try Arithmetic.unary(symbol, try defined(operand))
        case .binary(let symbol, let left, let right):
            return try Arithmetic.binary(symbol, try defined(left), try defined(right))
        case .comparison(let first, let rest):
            var left = try defined(first)
            for (comparison, operand) in rest {
                let right = plain(try defined(operand))
                guard try Arithmetic.compare(comparison, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let left, let right):
            let first = try defined(left)
            return try first.isTrue ? try defined(right) : first
        case .or(let left, let right):
            let first = try defined(left)
            return try first.isTrue ? first : try defined(right)
        case .conditional(let condition, let then, let otherwise):
            if try defined(condition).isTrue { return try evaluate(then) }
            if let otherwise { return try evaluate(otherwise) }
            // Jinja's inline `if` without `else` writes nothing, even where undefined names are errors.
            return .string("")
        case .list(let elements):
            var values: [Value] = []
            for element in elements { values.append(try defined(element)) }
            return .list(values)
        case .tuple(let elements):
            var values: [Value] = []
            for element in elements { values.append(try defined(element)) }
            return .tuple(values)
        case .map(let entries):
            var values: [Value.Entry] = []
            for (key, value) in entries {
                try Mutators.put(try defined(key), try defined(value), in: &values)
            }
            return .map(values)
        }
    }

    /// `params` as the mapping it is, where one is wanted whole.
    func plain(_ value: Value) -> Value {
        if case .object(.params) = value { Value(.object(context.params)) } else { value }
    }

    /// For `default` and `is defined`: whatever is missing along a path of attributes counts as undefined.
    private func lenient(_ expression: Expression) throws(Failure) -> Value {
        switch expression.kind {
        case .attribute(let base, let name):
            let value = try evaluate(base)
            if case .undefined = value { throw undefinedFailure(value, at: base.offset) }
            return try attribute(name, of: value)
        default: return try evaluate(expression)
        }
    }

    private func undefinedFailure(_ value: Value, at offset: Int) -> Failure {
        guard case .undefined(let message, let hint) = value else { return Failure("undefined", at: offset) }
        return Failure(message, hint: hint, at: offset)
    }

    func evaluated(_ arguments: Expression.Arguments) throws(Failure) -> CallArguments {
        var result = CallArguments()
        for argument in arguments.positional { result.positional.append(try defined(argument)) }
        for (name, argument) in arguments.named { result.named.append((name, try defined(argument))) }
        return result
    }

    private func bound(_ expression: Expression?) throws(Failure) -> Int? {
        guard let expression else { return nil }
        let value = try defined(expression)
        if case .null = value { return nil }
        guard let number = value.integer, let index = Int(exactly: number) else {
            throw Failure("a slice takes integers, found \(value.kindDescription)", at: expression.offset)
        }
        return index
    }

    func attribute(_ name: String, of value: Value) throws(Failure) -> Value {
        guard !name.hasPrefix("__") else { throw Failure("the attribute '\(name)' is not accessible") }
        switch value {
        case .object(let object): return try context.attribute(name, of: object)
        case .map(let entries):
            if Methods.ofMaps.contains(name) { return .method(Value.Method(value, name)) }
            if let found = try Value.lookup(.string(name), in: entries) { return found }
            return TemplateContext.missing(name, of: "the mapping", among: entries.compactMap { $0.key.plainString })
        case .date(let date):
            if let found = DateAttributes.value(name, of: date) { return found }
            if Methods.ofDates.contains(name) { return .method(Value.Method(value, name)) }
            return TemplateContext.missing(name, of: "a date", among: DateAttributes.names + Methods.ofDates.sorted())
        case .duration(let duration):
            let microseconds = duration.wholeMicroseconds
            switch name {
            case "days": return .int(microseconds.flooredQuotient(86_400_000_000))
            case "seconds": return .int(microseconds.flooredRemainder(86_400_000_000) / 1_000_000)
            case "microseconds": return .int(microseconds.flooredRemainder(1_000_000))
            case "total_seconds": return .method(Value.Method(value, name))
            default:
                return TemplateContext.missing(
                    name, of: "a time span", among: ["days", "seconds", "microseconds", "total_seconds"])
            }
        case .list, .tuple:
            if Mutators.ofLists.contains(name) || name == "index" || name == "count" || name == "copy" {
                return .method(Value.Method(value, name))
            }
            return TemplateContext.missing(name, of: value.kindDescription, among: ["append", "count", "index"])
        case .loop(let round): return round.attribute(name)
        case .namespace(let index): return state.attribute(name, ofNamespace: index)
        case .string:
            if Methods.ofStrings.contains(name) { return .method(Value.Method(value, name)) }
            return TemplateContext.missing(name, of: "a string", among: Methods.ofStrings.sorted())
        default: return TemplateContext.missing(name, of: value.kindDescription, among: [])
        }
    }

    func item(_ index: Value, of value: Value) throws(Failure) -> Value {
        switch value {
        case .object(let object):
            guard let name = index.plainString else {
                throw Failure("'\(object.name)' takes a name in brackets, found \(index.kindDescription)")
            }
            return try context.attribute(name, of: object)
        case .map(let entries):
            if let found = try Value.lookup(index, in: entries) { return found }
            if let name = index.plainString {
                return TemplateContext.missing(
                    name, of: "the mapping", among: entries.compactMap { $0.key.plainString })
            }
            return .undefined(message: "the mapping has no key \(try index.representation())", hint: nil)
        case .list(let elements), .tuple(let elements):
            guard let position = index.integer else {
                return .undefined(message: "a list takes a number in brackets, not \(index.kindDescription)", hint: nil)
            }
            let resolved = position < 0 ? position + Int64(elements.count) : position
            guard resolved >= 0, resolved < elements.count else {
                return .undefined(message: "the list has no element \(position): it has \(elements.count)", hint: nil)
            }
            return elements[Int(resolved)]
        case .string(let text):
            guard let position = index.integer else {
                guard let name = index.plainString else {
                    return .undefined(message: "a string takes a number in brackets", hint: nil)
                }
                return try attribute(name, of: value)
            }
            try Meter.charge(bytes: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            let resolved = position < 0 ? position + Int64(scalars.count) : position
            guard resolved >= 0, resolved < scalars.count else {
                return .undefined(
                    message: "the string has no character \(position): it has \(scalars.count)", hint: nil)
            }
            return .string(String(Character(scalars[Int(resolved)])))
        default:
            guard let name = index.plainString else {
                return .undefined(message: "\(value.kindDescription) has no items", hint: nil)
            }
            return try attribute(name, of: value)
        }
    }

    private func slice(_ value: Value, from: Int?, to: Int?, step: Int?) throws(Failure) -> Value {
        guard step != 0 else { throw Failure("a slice's step cannot be zero") }
        switch value {
        case .list(let elements):
            try Meter.charge(elements.count >> 2)
            return .list(Self.slice(elements, from, to, step ?? 1))
        case .tuple(let elements):
            try Meter.charge(elements.count >> 2)
            return .tuple(Self.slice(elements, from, to, step ?? 1))
        case .string(let text):
            try Meter.charge(bytes: text.utf8.count << 3)
            var result = String.UnicodeScalarView()
            result.append(contentsOf: Self.slice(Array(text.unicodeScalars), from, to, step ?? 1))
            return .string(String(result))
        default: throw Failure("only strings and lists can be sliced, not \(value.kindDescription)")
        }
    }

    /// Python's slicing rules.
    private static func slice<T>(_ elements: [T], _ from: Int?, _ to: Int?, _ step: Int) -> [T] {
        let count = elements.count
        func clamped(_ index: Int, _ low: Int, _ high: Int) -> Int {
            let resolved = index < 0 ? max(index, -count - 1) + count : index
            return min(max(resolved, low), high)
        }
        var result: [T] = []
        if step > 0 {
            var index = from.map { clamped($0, 0, count) } ?? 0
            let end = to.map { clamped($0, 0, count) } ?? count
            while index < end {
                result.append(elements[index])
                let (next, overflow) = index.addingReportingOverflow(step)
                if overflow { break }
                index = next
            }
        } else {
            var index = from.map { clamped($0, -1, count - 1) } ?? count - 1
            let end = to.map { clamped($0, -1, count - 1) } ?? -1
            while index > end {
                result.append(elements[index])
                let (next, overflow) = index.addingReportingOverflow(step)
                if overflow { break }
                index = next
            }
        }
        return result
    }

    /// The result of a method that changes the list or mapping it is called on; nil when this is none.
    ///
    /// The value changes where it stands: in a variable, or in an attribute of a namespace.
    private func changed(_ callee: Expression, _ arguments: Expression.Arguments) throws(Failure) -> Value? {
        guard case .attribute(let base, let name) = callee.kind, Mutators.names.contains(name) else { return nil }
        let values: CallArguments
        switch base.kind {
        case .name(let variable):
            guard Mutators.apply(name, to: state.variable(variable)) else { return nil }
            values = try evaluated(arguments)
            return try state.change(variable) { (value) throws(Failure) in try Mutators.call(name, on: &value, values) }
        case .attribute(let space, let attribute):
            guard case .name(let variable) = space.kind, case .namespace(let index)? = state.variable(variable),
                Mutators.apply(name, to: state.attribute(attribute, ofNamespace: index))
            else { return nil }
            values = try evaluated(arguments)
            return try state.change(attribute, ofNamespace: index) { (value) throws(Failure) in
                try Mutators.call(name, on: &value, values)
            }
        default: return nil
        }
    }

    private func call(_ function: Value, _ arguments: CallArguments) throws(Failure) -> Value {
        switch function {
        case .method(let method):
            try Meter.charge(for: method.receiver)
            let result = try Methods.call(method, arguments, state)
            try Meter.charge(for: result)
            return result
        case .function(let name): return try Functions.call(name, arguments, state)
        case .object(.datetimeClass): return try Macros.makeDate(arguments)
        default: throw Failure("\(function.kindDescription) cannot be called")
        }
    }
}

extension Value {
    /// The text of a string, nil for other kinds.
    var plainString: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
