/// A parsed expression with the byte offset at which it starts in the template's text.
struct Expression: Sendable {
    let offset: Int
    let kind: Kind

    indirect enum Kind: Sendable {
        case literal(Value)
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
        case map([(Expression, Expression)])
    }

    struct Arguments: Sendable {
        var positional: [Expression] = []
        var named: [(String, Expression)] = []
    }

    init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
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

extension Expression {
    /// Collects the root names this expression reads, with their offsets.
    ///
    /// A name that is guarded by `default` or `is defined` is left out: it may be missing.
    func collectNames(into names: inout [(name: String, offset: Int)]) {
        switch kind {
        case .literal: break
        case .name(let name): names.append((name, offset))
        case .attribute(let base, _): base.collectNames(into: &names)
        case .item(let base, let index):
            base.collectNames(into: &names)
            index.collectNames(into: &names)
        case .slice(let base, let from, let to, let step):
            base.collectNames(into: &names)
            for part in [from, to, step] { part?.collectNames(into: &names) }
        case .call(let callee, let arguments):
            callee.collectNames(into: &names)
            arguments.collectNames(into: &names)
        case .filter(let base, let filter, let arguments):
            if case .name = base.kind, filter == "default" || filter == "d" {} else { base.collectNames(into: &names) }
            arguments.collectNames(into: &names)
        case .test(let base, let test, let arguments, _):
            if case .name = base.kind, test == "defined" || test == "undefined" {
            } else {
                base.collectNames(into: &names)
            }
            arguments.collectNames(into: &names)
        case .unary(_, let operand): operand.collectNames(into: &names)
        case .binary(_, let left, let right), .and(let left, let right), .or(let left, let right):
            left.collectNames(into: &names)
            right.collectNames(into: &names)
        case .comparison(let first, let rest):
            first.collectNames(into: &names)
            for (_, operand) in rest { operand.collectNames(into: &names) }
        case .conditional(let condition, let then, let otherwise):
            condition.collectNames(into: &names)
            then.collectNames(into: &names)
            otherwise?.collectNames(into: &names)
        case .list(let elements):
            for element in elements { element.collectNames(into: &names) }
        case .map(let entries):
            for (key, value) in entries {
                key.collectNames(into: &names)
                value.collectNames(into: &names)
            }
        }
    }
}

extension Expression.Arguments {
    func collectNames(into names: inout [(name: String, offset: Int)]) {
        for argument in positional { argument.collectNames(into: &names) }
        for (_, argument) in named { argument.collectNames(into: &names) }
    }
}
