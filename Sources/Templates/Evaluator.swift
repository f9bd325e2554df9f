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
        try defined(expression).isTrue
    }

    private func value(of expression: Expression) throws(Failure) -> Value {
        switch expression.kind {
        case .literal(let literal): return literal.value
        case .name(let name):
            if let value = state.variable(name) { return value }
            return try state.once(name) { () throws(Failure) in
                name == "params" ? try Value(.object(context.params), name: name) : try context.value(of: name)
            }
        case .attribute(let base, let name): return try attribute(name, of: try defined(base))
        case .item(let base, let index): return try item(try defined(index), of: try defined(base))
        case .slice(let base, let from, let to, let step):
            return try slice(
                try defined(base), from: try bound(from), to: try bound(to), step: try bound(step))
        case .call(let callee, let arguments):
            let function = try defined(callee)
            return try call(function, try evaluated(arguments, allowsUndefined: function.keepsArguments))
        case .filter(let base, let name, let arguments):
            let isDefault = name == "default" || name == "d"
            let input = isDefault || name == "items" ? try evaluate(base) : try defined(base)
            return try Filters.apply(name, to: input, try evaluated(arguments, allowsUndefined: isDefault), self)
        case .test(let base, let name, let arguments, let negated):
            return .bool(try Tests.check(name, try evaluate(base), try evaluated(arguments)) != negated)
        case .unary(let symbol, let operand): return try Arithmetic.unary(symbol, try defined(operand))
        case .binary(let symbol, let left, let right):
            let result = try Arithmetic.binary(symbol, try defined(left), try defined(right))
            // Jinja writes out what is constant, so that in `[[]] * 3` each list is one of its own.
            return symbol == .multiply && result.isSequence && left.isConstant && right.isConstant
                ? try result.copied : result
        case .comparison(let first, let rest):
            var left = try defined(first)
            for (comparison, operand) in rest {
                let right = try defined(operand)
                guard try Arithmetic.compare(comparison, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let left, let right):
            let first = try defined(left)
            return try first.isTrue ? try evaluate(right) : first
        case .or(let left, let right):
            let first = try defined(left)
            return try first.isTrue ? first : try evaluate(right)
        case .conditional(let condition, let then, let otherwise):
            if try defined(condition).isTrue { return try evaluate(then) }
            if let otherwise { return try evaluate(otherwise) }
            // It writes nothing, even where undefined names are errors.
            return .absent
        case .list(let elements):
            var values: [Value] = []
            for element in elements { values.append(try evaluate(element)) }
            return .list(values)
        case .tuple(let elements):
            var values: [Value] = []
            for element in elements { values.append(try evaluate(element)) }
            return .tuple(values)
        case .map(let entries):
            let map = ValueMap([])
            for (key, value) in entries { try map.put(try defined(key), try evaluate(value)) }
            return .map(map)
        }
    }

    /// The values of arguments; an undefined one is an error unless it is only kept.
    func evaluated(_ arguments: Expression.Arguments, allowsUndefined: Bool = false) throws(Failure) -> CallArguments {
        func value(_ argument: Expression) throws(Failure) -> Value {
            allowsUndefined ? try evaluate(argument) : try defined(argument)
        }
        var result = CallArguments()
        for argument in arguments.positional { result.positional.append(try value(argument)) }
        for (name, argument) in arguments.named { result.named.append((name, try value(argument))) }
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
        // As in Jinja, a method of mappings comes before a key of its name.
        if case .map(let map) = value, !Methods.ofMaps.contains(name), !name.hasPrefix("__"),
            let found = try Value.lookup(.string(name), in: map)
        {
            return found
        }
        return try ownAttribute(name, of: value)
    }

    /// An attribute as the filter `attr` finds it: never a mapping's key.
    func ownAttribute(_ name: String, of value: Value) throws(Failure) -> Value {
        guard !name.hasPrefix("__") else { throw Failure("the attribute '\(name)' is not accessible") }
        func method() -> Value { .method(Value.Method(value, name)) }
        switch value {
        case .object(let object):
            let found = try context.attribute(name, of: object)
            guard object.keepsItsLists, found.isContainer else { return found }
            return try state.once(name == "outlets" ? name : "\(object.name).\(name)") { () in found }
        case .map(let map):
            if Methods.ofMaps.contains(name) { return method() }
            try Meter.charge(map.count)
            return TemplateContext.missing(name, of: map.name, among: map.compactMap { $0.key.plainString })
        case .date(let date):
            if let found = DateAttributes.value(name, of: date) { return found }
            if DateMethods.has(name, date) { return method() }
            if let instead = DateMethods.instead[name] {
                return .undefined(message: "'\(name)' of a date is not available in this version", hint: instead)
            }
            return TemplateContext.missing(
                name, of: date.kind, among: DateAttributes.names + DateMethods.names.sorted())
        case .duration(let span):
            if let found = span.attribute(name) { return found }
            if span.has(name) { return method() }
            return TemplateContext.missing(name, of: "a time span", among: Span.names + Span.methods.sorted())
        case .list(let list), .tuple(let list):
            if let found = Methods.attribute(name, of: list, value) { return found }
            return TemplateContext.missing(name, of: value.kindDescription, among: ["append", "count", "index"])
        case .loop(let round): return round.attribute(name)
        case .namespace(let index): return state.attribute(name, ofNamespace: index)
        case .string, .markup:
            if Methods.ofStrings.contains(name) { return method() }
            return TemplateContext.missing(name, of: "a string", among: Methods.ofStrings.sorted())
        case .absent: throw Failure("the inline 'if' has no 'else', and its condition is false")
        default: return TemplateContext.missing(name, of: value.kindDescription, among: [])
        }
    }

    func item(_ index: Value, of value: Value) throws(Failure) -> Value {
        switch value {
        case .object(let object):
            guard let name = index.plainString else {
                throw Failure("'\(object.name)' takes a name in brackets, found \(index.kindDescription)")
            }
            return try attribute(name, of: value)
        case .map(let map):
            if let found = try Value.lookup(index, in: map) { return found }
            if let name = index.plainString { return try ownAttribute(name, of: value) }
            return .undefined(message: "the mapping has no key \(try index.representation())", hint: nil)
        case .list(let elements), .tuple(let elements):
            if let name = index.plainString { return try attribute(name, of: value) }
            if case .list(let list) = value, !list.isPlain, !list.isRange {
                return .undefined(message: "\(value.kindDescription) has no items: write '| list' first", hint: nil)
            }
            guard let position = index.integer else {
                return .undefined(message: "a list takes a number in brackets, not \(index.kindDescription)", hint: nil)
            }
            let resolved = position < 0 ? position + Int64(elements.count) : position
            guard resolved >= 0, resolved < elements.count else {
                return .undefined(message: "the list has no element \(position): it has \(elements.count)", hint: nil)
            }
            return elements[Int(resolved)]
        case .string(let text), .markup(let text):
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
            return value.like(String(Character(scalars[Int(resolved)])))
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
        case .list(let list) where list.isPlain:
            try Meter.charge(list.count >> 2)
            return .list(Self.slice(list.elements, from, to, step ?? 1))
        case .list: throw Failure("\(value.kindDescription) cannot be sliced: write '| list' first")
        case .tuple(let list):
            try Meter.charge(list.count >> 2)
            return .tuple(Self.slice(list.elements, from, to, step ?? 1))
        case .string(let text), .markup(let text):
            try Meter.charge(bytes: text.utf8.count << 3)
            var result = String.UnicodeScalarView()
            result.append(contentsOf: Self.slice(Array(text.unicodeScalars), from, to, step ?? 1))
            return value.like(String(result))
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

    private func call(_ function: Value, _ arguments: CallArguments) throws(Failure) -> Value {
        switch function {
        case .method(let method):
            try Meter.charge(for: method.receiver)
            try arguments.charge()
            let result = try Methods.call(method, arguments, state)
            try Meter.charge(for: result)
            return result
        case .function(let name):
            try arguments.charge()
            return try Functions.call(name, arguments, state)
        case .object(.datetimeClass): return try Macros.makeDate(arguments)
        default: throw Failure("\(function.kindDescription) cannot be called")
        }
    }
}

extension Value {
    /// The text of a string, nil for other kinds.
    var plainString: String? {
        switch self {
        case .string(let text), .markup(let text): text
        default: nil
        }
    }

    /// A string of this one's kind: a piece of markup is markup.
    func like(_ text: String) -> Value { if case .markup = self { .markup(text) } else { .string(text) } }

    fileprivate var isSequence: Bool {
        switch self {
        case .list, .tuple: true
        default: false
        }
    }

    /// The same elements in lists of their own.
    fileprivate var copied: Value {
        get throws(Failure) {
            switch self {
            case .list(let list): return .list(try Self.copies(of: list))
            case .tuple(let list): return .tuple(try Self.copies(of: list))
            case .map(let map):
                try Meter.charge(1 + map.count)
                var entries: [Entry] = []
                for entry in map { entries.append(Entry(key: entry.key, value: try entry.value.copied)) }
                return .map(entries)
            default: return self
            }
        }
    }

    private static func copies(of list: ValueList) throws(Failure) -> [Value] {
        try Meter.charge(1 + list.count >> 2)
        var copies: [Value] = []
        for element in list { copies.append(try element.copied) }
        return copies
    }

    var isContainer: Bool {
        switch self {
        case .list, .map: true
        default: false
        }
    }

    /// Whether a call only keeps its arguments: then undefined ones may be among them.
    fileprivate var keepsArguments: Bool {
        switch self {
        case .function(let name): name != "range"
        case .method(let method): method.receiver.isContainer && Mutators.keeping.contains(method.name)
        default: false
        }
    }
}
