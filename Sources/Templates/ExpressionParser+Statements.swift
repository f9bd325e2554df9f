// What statements need of the parser: their words, the names they write to, and filters without a value.
extension ExpressionParser {
    /// The statement's word, such as `for`.
    mutating func word() throws(Failure) -> String {
        guard let word = takeAnyName() else {
            throw Failure("expected a statement's name, found \(currentDescription)", at: currentOffset)
        }
        return word
    }

    mutating func takeWord(_ word: String) -> Bool { takeName(word) }

    mutating func takeSymbol(_ symbol: String) -> Bool { take(symbol) }

    mutating func expectWord(_ word: String, _ purpose: String) throws(Failure) {
        guard takeName(word) else {
            throw Failure("expected '\(word)' \(purpose), found \(currentDescription)", at: currentOffset)
        }
    }

    mutating func expectSymbol(_ symbol: String, _ purpose: String) throws(Failure) {
        try expect(symbol, purpose)
    }

    mutating func expectEnd() throws(Failure) {
        guard isAtEnd else {
            throw Failure("expected '%}', found \(currentDescription)", at: currentOffset)
        }
    }

    /// The names that `for` and `set` write to: `a`, `a, b`, `(a, (b, c))`, `space.name`.
    mutating func target() throws(Failure) -> Statement.Target {
        let offset = currentOffset
        let first = try singleTarget()
        guard takeSymbol(",") else { return first }
        return .unpacked([first] + (try moreTargets()), offset: offset)
    }

    private mutating func moreTargets() throws(Failure) -> [Statement.Target] {
        var targets: [Statement.Target] = []
        while isNextName || isNext("(") {
            targets.append(try singleTarget())
            guard takeSymbol(",") else { break }
        }
        return targets
    }

    mutating func singleTarget() throws(Failure) -> Statement.Target {
        let offset = currentOffset
        if takeSymbol("(") {
            let inner = try nested { (parser) throws(Failure) in try parser.target() }
            try expect(")", "after names")
            return inner
        }
        guard let name = takeAnyName() else {
            throw Failure("expected a name to assign to, found \(currentDescription)", at: offset)
        }
        guard !Self.reserved.contains(name) else {
            throw Failure("the word '\(name)' cannot be assigned to", at: offset)
        }
        guard takeSymbol(".") else { return .name(name) }
        let place = currentOffset
        guard let attribute = takeAnyName() else {
            throw Failure("expected a name after '.', found \(currentDescription)", at: place)
        }
        return .attribute(name, attribute, offset: offset)
    }

    static let reserved: Set<String> = [
        "if", "else", "and", "or", "not", "in", "is", "true", "false", "none", "True", "False", "None", "for",
    ]

    /// `| upper | replace('a', 'b')`, as `{% set x | upper %}` has them; the first bar is left out in `{% filter %}`.
    mutating func filterCalls(isFirstPiped: Bool = true) throws(Failure) -> [Statement.FilterCall] {
        var calls: [Statement.FilterCall] = []
        if !isFirstPiped { calls.append(try filterCall()) }
        while takeSymbol("|") {
            guard calls.count < Self.maximumDepth else {
                throw Failure("more than \(Self.maximumDepth) filters in a row", at: currentOffset)
            }
            calls.append(try filterCall())
        }
        return calls
    }

    private mutating func filterCall() throws(Failure) -> Statement.FilterCall {
        let (name, arguments, offset) = try filter()
        return Statement.FilterCall(name: name, arguments: arguments, offset: offset)
    }
}
