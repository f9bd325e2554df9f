/// Reads a template's statements, and checks every name they read.
struct TemplateParser {
    private let source: [UInt8]
    private var scanner: TemplateScanner
    private var depth = 0
    /// The variables that the template has made so far, innermost block last.
    private var declared: [Set<String>] = [[]]
    private var reads: [(name: String, offset: Int, isLocal: Bool)] = []
    private var guarded: Set<String> = []
    /// The tasks that calls of `xcom_pull` name, in the order of the text.
    private(set) var pulled: [String] = []
    /// The word of the tag that ended the last block, with its tokens.
    private var ending: (word: String, parser: ExpressionParser, offset: Int)?

    /// Blocks within blocks beyond this are refused.
    private static let maximumDepth = 32
    private static let words: Set<String> = ["if", "for", "set", "with", "filter", "do", "raw"]
    private static let inner: Set<String> = [
        "elif", "else", "endif", "endfor", "endset", "endwith", "endfilter", "endraw",
    ]
    private static let refused: [String: String] = [
        "include": "a template is one text: it cannot take in others",
        "import": "a template is one text: it cannot take in others",
        "from": "a template is one text: it cannot take in others",
        "extends": "a template is one text: it cannot take in others",
        "block": "a template is one text: it has no blocks to replace",
        "macro": "macros of a template's own are not available in this version",
        "call": "macros of a template's own are not available in this version",
        "autoescape": "nothing is escaped here",
        "continue": "Jinja has it only with an extension that Airflow leaves off",
        "break": "Jinja has it only with an extension that Airflow leaves off",
    ]

    init(_ source: [UInt8]) {
        self.source = source
        scanner = TemplateScanner(source)
    }

    /// The statements, and the names they read from the context.
    mutating func parse() throws(Failure) -> (statements: [Statement], names: Set<String>) {
        let statements = try block(until: [], opened: nil)
        var names: Set<String> = []
        for read in reads where !read.isLocal {
            // A name that is asked about anywhere may be missing.
            if !guarded.contains(read.name) { try ContextNames.check(read.name, at: read.offset) }
            if ContextNames.known.contains(read.name) { names.insert(read.name) }
        }
        return (statements, names)
    }

    /// Statements up to one of the tags, which is left in `ending`.
    private mutating func block(until ends: Set<String>, opened: (word: String, offset: Int)?) throws(Failure)
        -> [Statement]
    {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth + 1 {
            throw Failure("blocks are nested more than \(Self.maximumDepth) levels deep", at: opened?.offset)
        }
        var result: [Statement] = []
        while let piece = try scanner.next() {
            switch piece {
            case .text(let range):
                if !range.isEmpty { result.append(.text(String(decoding: source[range], as: UTF8.self))) }
            case .expression(let range):
                var lexer = Lexer(source, from: range.lowerBound, to: range.upperBound)
                var parser = ExpressionParser(try lexer.tokens())
                let expression = try parser.parse()
                note(expression)
                result.append(.output(expression))
            case .statement(let range, let open):
                var lexer = Lexer(source, from: range.lowerBound, to: range.upperBound)
                var parser = ExpressionParser(try lexer.tokens())
                let word = try parser.word()
                if ends.contains(word) {
                    ending = (word, parser, open)
                    return result
                }
                result.append(try statement(word, parser, open))
            }
        }
        if let opened {
            let expected = ends.sorted().map { "{% \($0) %}" }.joined(separator: " or ")
            throw Failure("'{% \(opened.word) %}' that starts here has no \(expected)", at: opened.offset)
        }
        return result
    }

    private mutating func statement(_ word: String, _ parser: ExpressionParser, _ open: Int) throws(Failure)
        -> Statement
    {
        switch word {
        case "if": return try conditional(parser, open)
        case "for": return try loop(parser, open)
        case "set": return try assignment(parser, open)
        case "with": return try with(parser, open)
        case "filter": return try filter(parser, open)
        case "do":
            var parser = parser
            let expression = try parser.parse()
            note(expression)
            return .evaluate(expression)
        default:
            if let reason = Self.refused[word] { throw Failure("'{% \(word) %}': \(reason)", at: open) }
            if Self.inner.contains(word) {
                throw Failure("'{% \(word) %}' has nothing to belong to here", at: open)
            }
            let nearest = NearestWord.of(word, among: Self.words.union(Self.inner))
            throw Failure("unknown statement '{% \(word) %}'", hint: nearest, at: open)
        }
    }

    private mutating func conditional(_ first: ExpressionParser, _ open: Int) throws(Failure) -> Statement {
        var branches: [Statement.Branch] = []
        var parser = first
        while true {
            let condition = try parser.parse()
            note(condition)
            let body = try block(until: ["elif", "else", "endif"], opened: ("if", open))
            branches.append(Statement.Branch(condition: condition, body: body))
            guard let ending else { break }
            parser = ending.parser
            if ending.word == "elif" { continue }
            try parser.expectEnd()
            if ending.word == "endif" { break }
            let otherwise = try block(until: ["endif"], opened: ("if", open))
            try expectPlainEnd()
            return .conditional(branches, otherwise: otherwise)
        }
        return .conditional(branches, otherwise: [])
    }

    private mutating func loop(_ first: ExpressionParser, _ open: Int) throws(Failure) -> Statement {
        var parser = first
        let target = try parser.target()
        if let name = target.names.first(where: { $0 == "loop" }) {
            throw Failure("'\(name)' cannot be the name of a loop's own variable", at: open)
        }
        try parser.expectWord("in", "after the names of a loop")
        let sequence = try parser.loopSequence()
        note(sequence)
        declared.append(Set(target.names))
        var condition: Expression?
        if parser.takeWord("if") {
            let parsed = try parser.single()
            note(parsed)
            condition = parsed
        }
        if parser.takeWord("recursive") {
            throw Failure("recursive loops are not available in this version", at: open)
        }
        try parser.expectEnd()
        declared[declared.count - 1].insert("loop")
        let body = try block(until: ["else", "endfor"], opened: ("for", open))
        declared.removeLast()
        var otherwise: [Statement] = []
        if ending?.word == "else" {
            try expectPlainEnd()
            otherwise = try scopedBlock(until: ["endfor"], opened: ("for", open))
        }
        try expectPlainEnd()
        return .loop(
            Statement.Loop(
                target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise,
                offset: open))
    }

    private mutating func assignment(_ first: ExpressionParser, _ open: Int) throws(Failure) -> Statement {
        var parser = first
        let target = try parser.target()
        if case .attribute(let name, _, let offset) = target { noteName(name, offset) }
        if parser.takeSymbol("=") {
            let expression = try parser.parse()
            note(expression)
            declare(target)
            return .set(target, expression)
        }
        if case .unpacked(_, let offset) = target {
            throw Failure("expected '=' after the names", at: offset)
        }
        let filters = try parser.filterCalls()
        try parser.expectEnd()
        for filter in filters { note(filter.arguments) }
        let body = try scopedBlock(until: ["endset"], opened: ("set", open))
        try expectPlainEnd()
        declare(target)
        return .capture(target, filters: filters, body, offset: open)
    }

    private mutating func with(_ first: ExpressionParser, _ open: Int) throws(Failure) -> Statement {
        var parser = first
        var assignments: [(Statement.Target, Expression)] = []
        while !parser.isAtEnd {
            if !assignments.isEmpty { try parser.expectSymbol(",", "between assignments") }
            let target = try parser.singleTarget()
            try parser.expectSymbol("=", "after a name")
            let value = try parser.single()
            note(value)
            assignments.append((target, value))
        }
        declared.append(Set(assignments.flatMap { $0.0.names }))
        let body = try block(until: ["endwith"], opened: ("with", open))
        declared.removeLast()
        try expectPlainEnd()
        return .with(assignments, body)
    }

    private mutating func filter(_ first: ExpressionParser, _ open: Int) throws(Failure) -> Statement {
        var parser = first
        let filters = try parser.filterCalls(isFirstPiped: false)
        try parser.expectEnd()
        for filter in filters { note(filter.arguments) }
        let body = try scopedBlock(until: ["endfilter"], opened: ("filter", open))
        try expectPlainEnd()
        return .filtered(filters, body, offset: open)
    }

    private mutating func scopedBlock(until ends: Set<String>, opened: (word: String, offset: Int)) throws(Failure)
        -> [Statement]
    {
        declared.append([])
        defer { declared.removeLast() }
        return try block(until: ends, opened: opened)
    }

    private mutating func expectPlainEnd() throws(Failure) { try ending?.parser.expectEnd() }

    private mutating func declare(_ target: Statement.Target) {
        declared[declared.count - 1].formUnion(target.names)
    }

    private mutating func noteName(_ name: String, _ offset: Int) {
        reads.append((name, offset, declared.contains { $0.contains(name) }))
    }

    private mutating func note(_ expression: Expression) {
        var names = NamesRead()
        expression.collectNames(into: &names)
        note(names)
    }

    private mutating func note(_ arguments: Expression.Arguments) {
        var names = NamesRead()
        arguments.collectNames(into: &names)
        note(names)
    }

    private mutating func note(_ names: NamesRead) {
        for (name, offset) in names.names { noteName(name, offset) }
        guarded.formUnion(names.guarded)
        pulled += names.pulled
    }
}
