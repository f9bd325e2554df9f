/// Python's `'{} and {name:>5}'.format(…)`.
struct BraceFormat {
    private let arguments: CallArguments
    private let evaluator: Evaluator
    private var next = 0
    private var usesNumbers = false

    static func text(_ format: String, _ arguments: CallArguments, _ evaluator: Evaluator) throws(Failure) -> String {
        var formatter = BraceFormat(arguments: arguments, evaluator: evaluator)
        return try formatter.text(format, depth: 0)
    }

    private init(arguments: CallArguments, evaluator: Evaluator) {
        self.arguments = arguments
        self.evaluator = evaluator
    }

    private mutating func text(_ format: String, depth: Int) throws(Failure) -> String {
        var result = ""
        var scalars = Array(format.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if scalar == "}" {
                guard scalars.first == "}" else { throw Failure("a format has a single '}'") }
                scalars.removeFirst()
            } else if scalar == "{" {
                guard scalars.first == "{" else {
                    result += try piece(Self.field(&scalars), depth: depth)
                    guard result.utf8.count <= Template.maximumOutput else { throw Arithmetic.tooLarge }
                    continue
                }
                scalars.removeFirst()
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// What stands between an opening brace and its closing one.
    private static func field(_ scalars: inout ArraySlice<Unicode.Scalar>) throws(Failure) -> String {
        var field = String.UnicodeScalarView()
        var depth = 1
        while let scalar = scalars.popFirst() {
            if scalar == "{" { depth += 1 }
            if scalar == "}" { depth -= 1 }
            if depth == 0 { return String(field) }
            field.append(scalar)
        }
        throw Failure("a format has a single '{'")
    }

    private mutating func piece(_ field: String, depth: Int) throws(Failure) -> String {
        guard depth < 2 else { throw Failure("fields of a format stand more than two deep") }
        var rest = Array(field.unicodeScalars)[...]
        let name = rest.prefix { $0 != "!" && $0 != ":" }
        rest = rest.dropFirst(name.count)
        var value = try self.value(String(String.UnicodeScalarView(name)))
        if rest.popFirst() == "!" {
            let conversion = rest.popFirst()
            switch conversion {
            case "s": value = .string(try value.text())
            case "r": value = .string(try value.checked().representation())
            default: throw Failure("a format converts with '!s' or '!r'")
            }
            guard rest.isEmpty || rest.popFirst() == ":" else { throw Failure("expected ':' after a conversion") }
        }
        var specification = String(String.UnicodeScalarView(rest))
        if specification.contains("{") { specification = try text(specification, depth: depth + 1) }
        return try FormatSpecification.text(value, specification)
    }

    /// `0`, `name`, and what follows them: `.attribute` and `[item]`.
    private mutating func value(_ field: String) throws(Failure) -> Value {
        let root = field.prefix { $0 != "." && $0 != "[" }
        var rest = field.dropFirst(root.count)
        var value: Value
        if let index = root.isEmpty ? next : root.allSatisfy(\.isASCII) ? Int(root) : nil {
            if root.isEmpty { next += 1 } else { usesNumbers = true }
            guard next == 0 || !usesNumbers else {
                throw Failure("a format cannot both number its fields and leave their numbers out")
            }
            guard arguments.positional.indices.contains(index) else {
                throw Failure("the format asks for value \(index), and there are \(arguments.positional.count)")
            }
            value = arguments.positional[index]
        } else {
            guard let named = arguments.named.first(where: { $0.0 == root }) else {
                throw Failure("the format asks for '\(root)', which was not passed")
            }
            value = named.1
        }
        while let mark = rest.popFirst() {
            if mark == "." {
                let name = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(name.count)
                value = try evaluator.ownAttribute(String(name), of: value).checked()
            } else {
                guard mark == "[", let end = rest.firstIndex(of: "]") else { throw Failure("a format lacks a ']'") }
                let key = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                let index: Value = Int64(key).map { .int($0) } ?? .string(key)
                if case .list = value, index.integer == nil { throw Failure("a list takes a number in brackets") }
                value = try evaluator.item(index, of: value).checked()
            }
        }
        return value
    }
}
