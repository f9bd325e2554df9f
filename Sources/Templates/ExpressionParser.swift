/// Reads one expression from its tokens, with Jinja's precedences.
struct ExpressionParser {
    private let tokens: [Token]
    private var position = 0
    private var depth = 0

    /// Nested parentheses, lists and operators beyond this are refused.
    static let maximumDepth = 64

    init(_ tokens: [Token]) { self.tokens = tokens }

    /// The whole expression; throws when anything is left over.
    mutating func parse() throws(Failure) -> Expression {
        if isAtEnd { throw Failure("an expression is missing between the braces", at: current.offset) }
        let expression = try expression()
        guard isAtEnd else {
            throw Failure("unexpected \(describe(current)) after the expression", at: current.offset)
        }
        return expression
    }

    /// An expression, or several between commas as a tuple.
    mutating func expression() throws(Failure) -> Expression {
        try sequence { (parser) throws(Failure) in try parser.conditional() }
    }

    /// An expression that ends at a comma.
    mutating func single() throws(Failure) -> Expression { try conditional() }

    /// What a loop goes over: a conditional needs parentheses here, since `if` begins the loop's own condition.
    mutating func loopSequence() throws(Failure) -> Expression {
        try sequence { (parser) throws(Failure) in try parser.or() }
    }

    private mutating func sequence(_ element: (inout Self) throws(Failure) -> Expression) throws(Failure)
        -> Expression
    {
        let first = try element(&self)
        guard isNext(",") else { return first }
        var elements = [first]
        while take(",") {
            if isAtEnd { break }
            elements.append(try element(&self))
        }
        return try Self.node(.tuple(elements), at: first.offset)
    }

    var isAtEnd: Bool { if case .end = current.kind { true } else { false } }

    static func node(_ kind: Expression.Kind, at offset: Int) throws(Failure) -> Expression {
        let expression = Expression(kind, at: offset)
        guard expression.height <= Expression.maximumHeight else {
            throw Failure(
                "the expression has more than \(Expression.maximumHeight) parts within each other", at: offset)
        }
        return expression
    }

    var current: Token { tokens[position] }
    /// The one behind the current one; nil at the end.
    var following: Token? { position + 1 < tokens.count ? tokens[position + 1] : nil }

    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    mutating func take(_ symbol: String) -> Bool {
        guard case .symbol(symbol) = current.kind else { return false }
        advance()
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard case .name(name) = current.kind else { return false }
        advance()
        return true
    }

    func isNext(_ symbol: String) -> Bool {
        if case .symbol(symbol) = current.kind { true } else { false }
    }

    mutating func expect(_ symbol: String, _ purpose: String) throws(Failure) {
        guard take(symbol) else {
            throw Failure("expected '\(symbol)' \(purpose), found \(describe(current))", at: current.offset)
        }
    }

    func describe(_ token: Token) -> String {
        switch token.kind {
        case .name(let name): "'\(name)'"
        case .string(let text): "the string '\(text)'"
        case .integer(let number): "\(number)"
        case .decimal(let number): "\(number)"
        case .symbol(let symbol): "'\(symbol)'"
        case .end: "the end of the expression"
        }
    }

    mutating func nested<T>(_ body: (inout Self) throws(Failure) -> T) throws(Failure) -> T {
        guard depth < Self.maximumDepth else {
            throw Failure("the expression is nested more than \(Self.maximumDepth) levels deep", at: current.offset)
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    mutating func conditional() throws(Failure) -> Expression {
        try nested { (parser) throws(Failure) in
            var expression = try parser.or()
            while parser.takeName("if") {
                let condition = try parser.or()
                let otherwise: Expression? = parser.takeName("else") ? try parser.conditional() : nil
                expression = try Self.node(
                    .conditional(condition, then: expression, otherwise: otherwise), at: expression.offset)
            }
            return expression
        }
    }

    private mutating func or() throws(Failure) -> Expression {
        var left = try and()
        while takeName("or") { left = try Self.node(.or(left, try and()), at: left.offset) }
        return left
    }

    private mutating func and() throws(Failure) -> Expression {
        var left = try not()
        while takeName("and") { left = try Self.node(.and(left, try not()), at: left.offset) }
        return left
    }

    private mutating func not() throws(Failure) -> Expression {
        let offset = current.offset
        guard takeName("not") else { return try comparison() }
        return try nested { (parser) throws(Failure) in try Self.node(.unary(.not, try parser.not()), at: offset) }
    }

    private mutating func comparison() throws(Failure) -> Expression {
        let first = try sum()
        var rest: [(ComparisonOperator, Expression)] = []
        while let comparison = takeComparison() { rest.append((comparison, try sum())) }
        return rest.isEmpty ? first : try Self.node(.comparison(first, rest), at: first.offset)
    }

    private mutating func takeComparison() -> ComparisonOperator? {
        switch current.kind {
        case .symbol(let symbol):
            guard let comparison = ComparisonOperator(rawValue: symbol) else { return nil }
            advance()
            return comparison
        case .name("in"):
            advance()
            return .isIn
        case .name("not"):
            guard following?.kind == .name("in") else { return nil }
            advance()
            advance()
            return .isNotIn
        default: return nil
        }
    }

    mutating func takeAnyName() -> String? {
        guard case .name(let name) = current.kind else { return nil }
        advance()
        return name
    }

    var isNextName: Bool { if case .name = current.kind { true } else { false } }
    var currentOffset: Int { current.offset }
    var currentDescription: String { describe(current) }

    private mutating func takeBinary(_ allowed: [BinaryOperator]) -> BinaryOperator? {
        guard case .symbol(let symbol) = current.kind, let found = BinaryOperator(rawValue: symbol),
            allowed.contains(found)
        else { return nil }
        advance()
        return found
    }

    private mutating func sum() throws(Failure) -> Expression {
        var left = try concatenation()
        while let symbol = takeBinary([.add, .subtract]) {
            left = try Self.node(.binary(symbol, left, try concatenation()), at: left.offset)
        }
        return left
    }

    private mutating func concatenation() throws(Failure) -> Expression {
        var left = try product()
        while takeBinary([.concatenate]) != nil {
            left = try Self.node(.binary(.concatenate, left, try product()), at: left.offset)
        }
        return left
    }

    private mutating func product() throws(Failure) -> Expression {
        var left = try power()
        while let symbol = takeBinary([.multiply, .divide, .floorDivide, .remainder]) {
            left = try Self.node(.binary(symbol, left, try power()), at: left.offset)
        }
        return left
    }

    private mutating func power() throws(Failure) -> Expression {
        var left = try unary(withFilters: true)
        while takeBinary([.power]) != nil {
            left = try Self.node(.binary(.power, left, try unary(withFilters: true)), at: left.offset)
        }
        return left
    }

    private mutating func unary(withFilters: Bool) throws(Failure) -> Expression {
        let offset = current.offset
        var expression: Expression
        if take("-") {
            expression = try Self.node(
                .unary(.negate, try nested { (parser) throws(Failure) in try parser.unary(withFilters: false) }),
                at: offset)
        } else if take("+") {
            expression = try Self.node(
                .unary(.plus, try nested { (parser) throws(Failure) in try parser.unary(withFilters: false) }),
                at: offset)
        } else {
            expression = try primary()
        }
        expression = try postfix(expression)
        if withFilters { expression = try filtersAndTests(expression) }
        return expression
    }
}
