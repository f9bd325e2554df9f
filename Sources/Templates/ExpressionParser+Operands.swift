// What operators join: literals, names, and what follows them.

extension ExpressionParser {
    mutating func primary() throws(Failure) -> Expression {
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

    mutating func postfix(_ base: Expression) throws(Failure) -> Expression {
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
            if case .name(let name) = current.kind, following?.kind == .symbol("=") {
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

    mutating func filtersAndTests(_ base: Expression) throws(Failure) -> Expression {
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
