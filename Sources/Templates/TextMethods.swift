/// Python's less frequent string methods.
enum TextMethods {
    static func call(_ name: String, on text: String, _ arguments: CallArguments) throws(Failure) -> Value {
        let scalars = text.unicodeScalars
        switch name {
        case "format": return .string(try BraceFormat.text(text, arguments))
        case "center":
            let values = try arguments.values(["width", "fillchar"], of: name)
            let width = Int(clamping: try CallArguments.integer(values[0], "width", of: name))
            let filler = try values[1].map { (value) throws(Failure) in
                try CallArguments.string(value, "fillchar", of: name)
            }
            return .string(try Texts.centred(text, width, filler ?? " "))
        case "index", "rfind":
            let part = try CallArguments.string(try arguments.values(["sub"], of: name)[0], "sub", of: name)
            let range = name == "index" ? text.firstRange(ofScalars: part) : text.lastRange(ofScalars: part)
            if let range { return .int(Int64(scalars.distance(from: text.startIndex, to: range.lowerBound))) }
            if part.isEmpty { return .int(name == "index" ? 0 : Int64(scalars.count)) }
            guard name == "rfind" else { throw Failure("'index': the text does not contain '\(part)'") }
            return .int(-1)
        case "partition", "rpartition":
            let separator = try CallArguments.string(try arguments.values(["sep"], of: name)[0], "sep", of: name)
            guard !separator.isEmpty else { throw Failure("'\(name)' needs a separator that is not empty") }
            let found =
                name == "partition" ? text.firstRange(ofScalars: separator) : text.lastRange(ofScalars: separator)
            guard let found else {
                let parts = name == "partition" ? [text, "", ""] : ["", "", text]
                return .tuple(parts.map { .string($0) })
            }
            return .tuple([
                .string(String(decoding: text.utf8[..<found.lowerBound], as: UTF8.self)), .string(separator),
                .string(String(decoding: text.utf8[found.upperBound...], as: UTF8.self)),
            ])
        case "rsplit":
            let values = try arguments.values(["sep", "maxsplit"], of: name)
            let limit = try values[1].map { (value) throws(Failure) in
                try CallArguments.integer(value, "maxsplit", of: name)
            }
            let pieces: [String]
            if let separator = values[0]?.plainString {
                pieces = try Texts.split(text, separator, limit: -1)
                guard let limit, limit >= 0, pieces.count > limit + 1 else { return strings(pieces) }
                let kept = pieces.count - Int(limit)
                let head = pieces[..<kept].joined(separator: separator)
                return strings([head] + pieces[kept...])
            }
            guard limit ?? -1 < 0 else {
                throw Failure("'rsplit' with a limit needs a separator in this version")
            }
            return strings(Texts.words(text, limit: -1))
        default:
            _ = try arguments.values([], of: name)
            return plain(name, text)
        }
    }

    private static func strings(_ pieces: [String]) -> Value { .list(pieces.map { .string($0) }) }

    private static func plain(_ name: String, _ text: String) -> Value {
        let scalars = text.unicodeScalars
        func all(_ condition: (Unicode.Scalar) -> Bool) -> Value {
            .bool(!text.isEmpty && scalars.allSatisfy(condition))
        }
        switch name {
        case "swapcase":
            return .string(
                scalars.map {
                    $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
                }
                .joined())
        case "casefold": return .string(text.lowercased())
        case "isalpha": return all { $0.properties.isAlphabetic }
        case "isalnum": return all { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        case "isspace": return all { $0.properties.isWhitespace }
        case "islower":
            return .bool(
                scalars.contains { $0.properties.isLowercase } && !scalars.contains { $0.properties.isUppercase })
        case "isupper":
            return .bool(
                scalars.contains { $0.properties.isUppercase } && !scalars.contains { $0.properties.isLowercase })
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        default: return all { $0.properties.numericType != nil }
        }
    }
}

extension Texts {
    /// Python's `center`: the odd filler goes left when the width is odd.
    static func centred(_ text: String, _ width: Int, _ filler: String = " ") throws(Failure) -> String {
        guard width <= Template.maximumOutput, filler.unicodeScalars.count == 1 else { throw Arithmetic.tooLarge }
        try Meter.charge(bytes: width)
        let missing = max(width - text.unicodeScalars.count, 0)
        let left = missing / 2 + (missing & width & 1)
        return String(repeating: filler, count: left) + text + String(repeating: filler, count: missing - left)
    }
}

extension String {
    /// Where a text last occurs, scalar by scalar.
    func lastRange(ofScalars part: String) -> Range<String.Index>? {
        var result: Range<String.Index>?
        var start = startIndex
        while let range = firstRange(ofScalars: part, from: start) {
            result = range
            start = utf8.index(after: range.lowerBound)
        }
        return result
    }
}

/// Python's `'{} and {name:>5}'.format(…)`, for the parts that templates meet.
enum BraceFormat {
    static func text(_ format: String, _ arguments: CallArguments) throws(Failure) -> String {
        var result = ""
        var next = 0
        var scalars = Array(format.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if scalar == "}" {
                guard scalars.first == "}" else { throw Failure("a format has a single '}'") }
                scalars.removeFirst()
            } else if scalar == "{" {
                guard scalars.first == "{" else {
                    guard let end = scalars.firstIndex(of: "}") else { throw Failure("a format has a single '{'") }
                    let field = String(String.UnicodeScalarView(scalars[..<end]))
                    scalars = scalars[(end + 1)...]
                    result += try piece(field, arguments, &next)
                    guard result.utf8.count <= Template.maximumOutput else { throw Arithmetic.tooLarge }
                    continue
                }
                scalars.removeFirst()
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func piece(_ field: String, _ arguments: CallArguments, _ next: inout Int) throws(Failure) -> String
    {
        let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        let value: Value
        if let index = name.isEmpty ? next : Int(name) {
            if name.isEmpty { next += 1 }
            guard arguments.positional.indices.contains(index) else {
                throw Failure("the format asks for value \(index), and there are \(arguments.positional.count)")
            }
            value = arguments.positional[index]
        } else {
            guard let named = arguments.named.first(where: { $0.0 == name }) else {
                throw Failure("the format asks for '\(name)', which was not passed")
            }
            value = named.1
        }
        return try laidOut(value, parts.count > 1 ? parts[1] : "")
    }

    /// `[[fill]align][sign][0][width][,][.precision][type]`.
    private static func laidOut(_ value: Value, _ specification: String) throws(Failure) -> String {
        if specification.isEmpty { return try value.text() }
        if case .date(let date) = value { return DateFormat.text(date, specification) }
        var rest = Array(specification.unicodeScalars)[...]
        var filler: Unicode.Scalar = " "
        var align: Unicode.Scalar?
        let aligns: Set<Unicode.Scalar> = ["<", ">", "^"]
        if rest.count > 1, let second = rest.dropFirst().first, aligns.contains(second) {
            filler = rest.removeFirst()
            align = rest.removeFirst()
        } else if let first = rest.first, aligns.contains(first) {
            align = rest.removeFirst()
        }
        let showsPlus = rest.first == "+"
        if showsPlus || rest.first == "-" { rest.removeFirst() }
        var isZeroPadded = false
        if rest.first == "0" {
            isZeroPadded = true
            rest.removeFirst()
        }
        func number() -> Int? {
            var digits = ""
            while let scalar = rest.first, ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(rest.removeFirst())
            }
            return Int(digits)
        }
        let width = number() ?? 0
        let hasCommas = rest.first == ","
        if hasCommas { rest.removeFirst() }
        var precision: Int?
        if rest.first == "." {
            rest.removeFirst()
            precision = number()
        }
        guard width <= 10_000, precision ?? 0 <= 100, rest.count <= 1 else {
            throw Failure("the format '\(specification)' is not available in this version")
        }
        var piece = try shown(value, rest.first, precision, specification)
        if hasCommas { piece = grouped(piece) }
        if showsPlus, let number = value.number, number >= 0 { piece = "+" + piece }
        let missing = max(width - piece.unicodeScalars.count, 0)
        let isNumber = value.number != nil
        if isZeroPadded, align == nil, isNumber {
            let sign = piece.hasPrefix("-") || piece.hasPrefix("+") ? String(piece.prefix(1)) : ""
            return sign + String(repeating: "0", count: missing) + piece.dropFirst(sign.count)
        }
        let fill = String(Character(filler))
        switch align ?? (isNumber ? ">" : "<") {
        case ">": return String(repeating: fill, count: missing) + piece
        case "^":
            return String(repeating: fill, count: missing / 2) + piece
                + String(repeating: fill, count: missing - missing / 2)
        default: return piece + String(repeating: fill, count: missing)
        }
    }

    private static func shown(
        _ value: Value, _ type: Unicode.Scalar?, _ precision: Int?, _ specification: String
    ) throws(Failure) -> String {
        switch (type, value) {
        case (nil, .double) where precision != nil, ("f", _), ("F", _), ("%", _):
            guard type != nil, let number = value.number else { break }
            return type == "%"
                ? Decimals.fixed(number * 100, precision ?? 6) + "%" : Decimals.fixed(number, precision ?? 6)
        case ("d", _), ("x", _), ("X", _), ("o", _), ("b", _):
            guard let number = value.integer else { break }
            let radix = type == "d" ? 10 : type == "o" ? 8 : type == "b" ? 2 : 16
            return String(number, radix: radix, uppercase: type == "X")
        case ("s", .string(let text)), (nil, .string(let text)):
            return precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        case (nil, _) where precision == nil: return try value.text()
        default: break
        }
        throw Failure("the format '\(specification)' does not fit \(value.kindDescription)")
    }

    private static func grouped(_ number: String) -> String {
        let sign = number.hasPrefix("-") ? "-" : ""
        let whole = number.dropFirst(sign.count).prefix { $0 != "." }
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return sign + result + number.dropFirst(sign.count + whole.count)
    }
}
