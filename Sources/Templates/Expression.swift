/// A parsed expression with the byte offset at which it starts in the template's text.
struct Expression: Sendable {
    let offset: Int
    let kind: Kind
    /// How many expressions stand within each other, this one included.
    let height: Int

    /// Higher expressions are refused: they would be read and evaluated with as many nested calls.
    static let maximumHeight = 160

    indirect enum Kind: Sendable {
        case literal(Literal)
        case name(String)
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, from: Expression?, to: Expression?, step: Expression?)
        case call(Expression, Arguments)
        case filter(Expression, String, Arguments)
        case test(Expression, String, Arguments, negated: Bool)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        case comparison(Expression, [(ComparisonOperator, Expression)])
        case and(Expression, Expression)
        case or(Expression, Expression)
        case conditional(Expression, then: Expression, otherwise: Expression?)
        case list([Expression])
        case tuple([Expression])
        case map([(Expression, Expression)])
    }

    /// What is written as it stands.
    enum Literal: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)

        var value: Value {
            switch self {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .int(let number): .int(number)
            case .double(let number): .double(number)
            case .string(let text): .string(text)
            }
        }
    }

    struct Arguments: Sendable {
        var positional: [Expression] = []
        var named: [(String, Expression)] = []
    }

    init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
        height = 1 + (kind.parts.map(\.height).max() ?? 0)
    }
}

extension Expression.Kind {
    /// The expressions directly within this one.
    fileprivate var parts: [Expression] {
        switch self {
        case .literal, .name: []
        case .attribute(let base, _): [base]
        case .item(let base, let index): [base, index]
        case .slice(let base, let from, let to, let step): [base] + [from, to, step].compactMap { $0 }
        case .call(let callee, let arguments): [callee] + arguments.all
        case .filter(let base, _, let arguments), .test(let base, _, let arguments, _): [base] + arguments.all
        case .unary(_, let operand): [operand]
        case .binary(_, let left, let right), .and(let left, let right), .or(let left, let right): [left, right]
        case .comparison(let first, let rest): [first] + rest.map(\.1)
        case .conditional(let condition, let then, let otherwise):
            [condition, then] + [otherwise].compactMap { $0 }
        case .list(let elements), .tuple(let elements): elements
        case .map(let entries): entries.flatMap { [$0.0, $0.1] }
        }
    }
}

extension Expression {
    /// Whether it is made of literals alone.
    var isConstant: Bool {
        switch kind {
        case .literal: true
        case .list, .tuple, .map, .unary, .binary: kind.parts.allSatisfy(\.isConstant)
        default: false
        }
    }
}

enum UnaryOperator: Sendable { case negate, plus, not }

enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
    case concatenate = "~"
}

enum ComparisonOperator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

/// The root names that expressions read.
struct NamesRead {
    /// With the offset of each.
    var names: [(name: String, offset: Int)] = []
    /// Names that `default` or `is defined` asks about: they may be missing.
    var guarded: Set<String> = []
    /// The tasks that calls of `xcom_pull` name.
    var pulled: [String] = []
}

extension Expression {
    func collectNames(into read: inout NamesRead) {
        switch kind {
        case .name(let name): read.names.append((name, offset))
        case .filter(let base, let filter, let arguments):
            if case .name(let name) = base.kind, filter == "default" || filter == "d" {
                read.guarded.insert(name)
            } else {
                base.collectNames(into: &read)
            }
            arguments.collectNames(into: &read)
        case .test(let base, let test, let arguments, _):
            if case .name(let name) = base.kind, test == "defined" || test == "undefined" {
                read.guarded.insert(name)
            } else {
                base.collectNames(into: &read)
            }
            arguments.collectNames(into: &read)
        case .call(let callee, let arguments):
            if case .attribute(_, "xcom_pull") = callee.kind {
                let named = arguments.named.first { $0.0 == "task_ids" }?.1
                read.pulled += (arguments.positional.first ?? named)?.texts ?? []
            }
            for part in kind.parts { part.collectNames(into: &read) }
        default: for part in kind.parts { part.collectNames(into: &read) }
        }
    }
}

extension Expression {
    /// The texts that it is, or is a list of, as far as they are written out.
    fileprivate var texts: [String] {
        switch kind {
        case .literal(.string(let text)): [text]
        case .list(let elements), .tuple(let elements): elements.flatMap(\.texts)
        default: []
        }
    }
}

extension Expression.Arguments {
    fileprivate var all: [Expression] { positional + named.map(\.1) }

    func collectNames(into read: inout NamesRead) {
        for argument in all { argument.collectNames(into: &read) }
    }
}
