/// Python's string operations, on Unicode scalars as Python counts them.
enum Texts {
    static func trimmed(_ text: String, _ characters: String? = nil, atStart: Bool = true, atEnd: Bool = true) -> String
    {
        let set = characters.map { Set($0.unicodeScalars) }
        func drops(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.properties.isWhitespace }
        var rest = text.unicodeScalars[...]
        if atStart { rest = rest.drop(while: drops) }
        if atEnd { while let last = rest.last, drops(last) { rest.removeLast() } }
        return String(rest)
    }

    /// The pieces with a separator between; bounded in length.
    static func joined(_ pieces: [String], separator: String) throws(Failure) -> String {
        var length = 0
        for piece in pieces {
            length += piece.utf8.count + separator.utf8.count
            guard length <= Template.maximumOutput + separator.utf8.count else {
                throw Failure("the text is longer than \(Template.maximumOutput) bytes")
            }
        }
        try Meter.charge(bytes: length)
        return pieces.joined(separator: separator)
    }

    /// `old` by `new`, at most `count` times; negative for all.
    static func replacing(_ text: String, _ old: String, _ new: String, count: Int64) throws(Failure) -> String {
        if old.isEmpty {
            let scalars = text.unicodeScalars.map { String(Character($0)) }
            let all = scalars.count + 1
            let limit = count < 0 ? all : min(Int(clamping: count), all)
            let (growth, overflow) = new.utf8.count.multipliedReportingOverflow(by: limit)
            guard !overflow, growth <= Template.maximumOutput else { throw Arithmetic.tooLarge }
            var result = ""
            for index in 0..<all {
                if index < limit { result += new }
                if index < scalars.count { result += scalars[index] }
            }
            return result
        }
        let pieces = try split(text, old, limit: count)
        let (growth, overflow) = new.utf8.count.multipliedReportingOverflow(by: pieces.count)
        guard !overflow, growth <= Template.maximumOutput else { throw Arithmetic.tooLarge }
        return pieces.joined(separator: new)
    }

    /// The pieces between separators, at most `limit` cuts; negative for all.
    static func split(_ text: String, _ separator: String, limit: Int64) throws(Failure) -> [String] {
        guard !separator.isEmpty else { throw Failure("'split' needs a separator that is not empty") }
        var result: [String] = []
        var start = text.startIndex
        while limit < 0 || result.count < limit, let range = try text.firstRange(ofScalars: separator, from: start) {
            result.append(String(decoding: text.utf8[start..<range.lowerBound], as: UTF8.self))
            start = range.upperBound
        }
        result.append(String(decoding: text.utf8[start...], as: UTF8.self))
        return result
    }

    /// The words between blanks, at most `limit` cuts; negative for all.
    static func words(_ text: String, limit: Int64) -> [String] {
        var result: [String] = []
        var rest = text.unicodeScalars.drop { $0.properties.isWhitespace }
        while !rest.isEmpty {
            if limit >= 0, result.count >= limit {
                result.append(trimmed(String(rest), atStart: false))
                break
            }
            let word = rest.prefix { !$0.properties.isWhitespace }
            result.append(String(word))
            rest = rest.dropFirst(word.count).drop { $0.properties.isWhitespace }
        }
        return result
    }

    static func lines(_ text: String) -> [String] {
        var pieces = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if pieces.last == "" { pieces.removeLast() }
        return pieces
    }

    static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst().lowercased()
    }

    /// Jinja's `title` filter: words begin after blanks, hyphens and opening brackets.
    static func jinjaTitle(_ text: String) -> String {
        var result = ""
        var startsWord = true
        for character in text {
            result += startsWord ? character.uppercased() : character.lowercased()
            startsWord = character.isWhitespace || "-({[<".contains(character)
        }
        return result
    }

    /// Python's `str.title()`: words are runs of letters.
    static func pythonTitle(_ text: String) -> String {
        var result = ""
        var startsWord = true
        for character in text {
            result += startsWord ? character.uppercased() : character.lowercased()
            startsWord = !character.isLetter
        }
        return result
    }
}

extension String {
    func hasScalarPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
    func hasScalarSuffix(_ suffix: String) -> Bool { utf8.reversed().starts(with: suffix.utf8.reversed()) }
}
