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

    private static func node(_ kind: Expression.Kind, at offset: Int) throws(Failure) -> Expression {
        let expression = Expression(kind, at: offset)
        guard expression.height <= Expression.maximumHeight else {
            throw Failure(
                "the expression has more than \(Expression.maximumHeight) parts within each other", at: offset)
        }
        return expression
    }

    private var current: Token { tokens[position] }

    private mutating func advance() { if position < tokens.count - 1 { position += 1 } }

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

    private func describe(_ token: Token) -> String {
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

    private mutating func conditional() throws(Failure) -> Expression {
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
            guard position + 1 < tokens.count, tokens[position + 1].kind == .name("in") else { return nil }
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

    private mutating func primary() throws(Failure) -> Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return try Self.node(.literal(.bool(true)), at: token.offset)
            case "false", "False": return try Self.node(.literal(.bool(false)), at: token.offset)
            case "none", "None": return try Self.node(.literal(.null), at: token.offset)
            case "if", "else", "and", "or", "not", "in", "is":
                throw Failure("expected a value, found the word '\(name)'", at: token.offset)
            default: return try Self.node(.name(name), at: token.offset)
            }
        case .string(var text):
            advance()
            while case .string(let next) = current.kind {
                text += next
                advance()
            }
            return try Self.node(.literal(.string(text)), at: token.offset)
        case .integer(let number):
            advance()
            return try Self.node(.literal(.int(number)), at: token.offset)
        case .decimal(let number):
            advance()
            return try Self.node(.literal(.double(number)), at: token.offset)
        case .symbol("("):
            advance()
            return try parenthesized(at: token.offset)
        case .symbol("["):
            advance()
            return try Self.node(.list(try elements(until: "]", of: "a list")), at: token.offset)
        case .symbol("{"):
            advance()
            return try map(at: token.offset)
        default: throw Failure("expected a value, found \(describe(token))", at: token.offset)
        }
    }

    /// `(a)` is a, `(a, b)` and `()` are sequences.
    private mutating func parenthesized(at offset: Int) throws(Failure) -> Expression {
        if take(")") { return try Self.node(.tuple([]), at: offset) }
        let first = try conditional()
        if take(")") { return first }
        try expect(",", "or ')'")
        return try Self.node(.tuple([first] + (try elements(until: ")", of: "a sequence"))), at: offset)
    }

    private mutating func elements(until close: String, of what: String) throws(Failure) -> [Expression] {
        var result: [Expression] = []
        while !take(close) {
            result.append(try conditional())
            if take(close) { break }
            try expect(",", "or '\(close)' in \(what)")
        }
        return result
    }

    private mutating func map(at offset: Int) throws(Failure) -> Expression {
        var entries: [(Expression, Expression)] = []
        while !take("}") {
            let key = try conditional()
            try expect(":", "after a key")
            entries.append((key, try conditional()))
            if take("}") { break }
            try expect(",", "or '}' in a mapping")
        }
        return try Self.node(.map(entries), at: offset)
    }

    private mutating func postfix(_ base: Expression) throws(Failure) -> Expression {
        var expression = base
        var links = 0
        while true {
            links += 1
            guard links <= Self.maximumDepth else {
                throw Failure("more than \(Self.maximumDepth) attributes in a row", at: current.offset)
            }
            let offset = current.offset
            if take(".") {
                switch current.kind {
                case .name(let name):
                    let place = current.offset
                    advance()
                    expression = try Self.node(.attribute(expression, name), at: place)
                case .integer(let index):
                    advance()
                    expression = try Self.node(
                        .item(expression, try Self.node(.literal(.int(index)), at: offset)), at: offset)
                default: throw Failure("expected a name after '.', found \(describe(current))", at: current.offset)
                }
            } else if take("[") {
                expression = try subscripted(expression, at: offset)
            } else if isNext("(") {
                expression = try Self.node(.call(expression, try arguments()), at: expression.offset)
            } else {
                return expression
            }
        }
    }

    private mutating func subscripted(_ base: Expression, at offset: Int) throws(Failure) -> Expression {
        var parts: [Expression?] = []
        var isSlice = false
        var part: Expression?
        while true {
            if take("]") {
                parts.append(part)
                break
            }
            if take(":") {
                isSlice = true
                parts.append(part)
                part = nil
                continue
            }
            guard part == nil else { throw Failure("expected ']', found \(describe(current))", at: current.offset) }
            part = try conditional()
        }
        if isSlice {
            guard parts.count <= 3 else { throw Failure("a slice has at most three parts", at: offset) }
            return try Self.node(
                .slice(base, from: parts[0], to: parts[1], step: parts.count > 2 ? parts[2] : nil), at: offset)
        }
        guard let index = parts[0] else { throw Failure("expected a key between the brackets", at: offset) }
        return try Self.node(.item(base, index), at: index.offset)
    }

    private mutating func arguments() throws(Failure) -> Expression.Arguments {
        var result = Expression.Arguments()
        try expect("(", "before arguments")
        while !take(")") {
            if case .name(let name) = current.kind, position + 1 < tokens.count,
                tokens[position + 1].kind == .symbol("=")
            {
                advance()
                advance()
                result.named.append((name, try conditional()))
            } else {
                guard result.named.isEmpty else {
                    throw Failure("an argument without a name follows one with a name", at: current.offset)
                }
                result.positional.append(try conditional())
            }
            if take(")") { break }
            try expect(",", "or ')' after an argument")
        }
        return result
    }

    private mutating func filtersAndTests(_ base: Expression) throws(Failure) -> Expression {
        var expression = base
        var links = 0
        while true {
            links += 1
            guard links <= Self.maximumDepth else {
                throw Failure("more than \(Self.maximumDepth) filters in a row", at: current.offset)
            }
            if take("|") {
                let (name, arguments, offset) = try filter()
                expression = try Self.node(.filter(expression, name, arguments), at: offset)
            } else if takeName("is") {
                expression = try test(expression)
            } else if isNext("(") {
                expression = try Self.node(.call(expression, try arguments()), at: expression.offset)
            } else {
                return expression
            }
        }
    }

    /// A filter's name with its arguments.
    mutating func filter() throws(Failure) -> (name: String, arguments: Expression.Arguments, offset: Int) {
        let offset = current.offset
        guard let name = takeAnyName() else {
            throw Failure("expected a filter's name, found \(describe(current))", at: offset)
        }
        guard Filters.names.contains(name) else {
            let reason = Filters.refused[name]
            throw Failure(
                "unknown filter '\(name)'", hint: reason ?? NearestWord.of(name, among: Filters.names), at: offset)
        }
        return (name, isNext("(") ? try arguments() : Expression.Arguments(), offset)
    }

    private mutating func test(_ base: Expression) throws(Failure) -> Expression {
        let negated = takeName("not")
        let offset = current.offset
        guard case .name(let name) = current.kind else {
            throw Failure("expected a test's name after 'is', found \(describe(current))", at: offset)
        }
        advance()
        guard Tests.names.contains(name) else {
            throw Failure(
                "unknown test '\(name)'", hint: NearestWord.of(name, among: Tests.names), at: offset)
        }
        var arguments = Expression.Arguments()
        if isNext("(") {
            arguments = try self.arguments()
        } else if Tests.takesArgument.contains(name) {
            arguments.positional = [try postfix(try primary())]
        }
        return try Self.node(.test(base, name, arguments, negated: negated), at: offset)
    }
}
