/// Python's less frequent string methods.
enum TextMethods {
    static func call(_ name: String, on text: String, _ arguments: CallArguments) throws(Failure) -> Value {
        let scalars = text.unicodeScalars
        switch name {
        case "center":
            let values = try arguments.values(["width", "fillchar"], of: name)
            let width = Int(clamping: try CallArguments.integer(values[0], "width", of: name))
            let filler = try values[1].map { (value) throws(Failure) in
                try CallArguments.string(value, "fillchar", of: name)
            }
            return .string(try Texts.centred(text, width, filler ?? " "))
        case "index", "rfind":
            let part = try CallArguments.string(try arguments.values(["sub"], of: name)[0], "sub", of: name)
            let range = try name == "index" ? text.firstRange(ofScalars: part) : text.lastRange(ofScalars: part)
            if let range { return .int(Int64(scalars.distance(from: text.startIndex, to: range.lowerBound))) }
            if part.isEmpty { return .int(name == "index" ? 0 : Int64(scalars.count)) }
            guard name == "rfind" else { throw Failure("'index': the text does not contain '\(part)'") }
            return .int(-1)
        case "partition", "rpartition":
            let separator = try CallArguments.string(try arguments.values(["sep"], of: name)[0], "sep", of: name)
            guard !separator.isEmpty else { throw Failure("'\(name)' needs a separator that is not empty") }
            let found =
                try name == "partition" ? text.firstRange(ofScalars: separator) : text.lastRange(ofScalars: separator)
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
                guard let limit, limit >= 0, pieces.count - 1 > limit else { return strings(pieces) }
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
        case "isidentifier":
            let start = scalars.first.map { $0 == "_" || $0.properties.isXIDStart } ?? false
            return .bool(start && scalars.allSatisfy { $0 == "_" || $0.properties.isXIDContinue })
        case "istitle":
            var hasLetters = false
            var wasLetter = false
            for scalar in scalars {
                let isUpper = scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter
                let isLower = scalar.properties.isLowercase
                if isUpper && wasLetter || isLower && !wasLetter { return .bool(false) }
                wasLetter = isUpper || isLower
                hasLetters = hasLetters || wasLetter
            }
            return .bool(hasLetters)
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
    /// How many times `filler` makes a text as wide as asked for.
    static func padding(_ text: String, to width: Int64, _ filler: String) throws(Failure) -> Int {
        guard filler.unicodeScalars.count == 1 else { throw Failure("a text is filled with exactly one character") }
        guard width <= Template.maximumOutput else { throw Arithmetic.tooLarge }
        let width = max(Int(width), 0)
        try Meter.charge(bytes: width)
        return max(width - text.unicodeScalars.count, 0)
    }

    /// Python's `center`: the odd filler goes left when the width is odd.
    static func centred(_ text: String, _ width: Int, _ filler: String = " ") throws(Failure) -> String {
        let missing = try padding(text, to: Int64(width), filler)
        let left = missing / 2 + (missing & width & 1)
        return String(repeating: filler, count: left) + text + String(repeating: filler, count: missing - left)
    }
}
