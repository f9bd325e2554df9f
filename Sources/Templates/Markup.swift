/// Strings that are marked as safe: what Jinja's Markup makes of them.
enum Markup {
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&#39;"
            case "\"": result += "&#34;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// The text of a value as it joins markup: escaped, unless it is markup itself.
    static func escaped(_ value: Value) throws(Failure) -> String {
        if case .markup(let text) = value { return text }
        let text = try value.text()
        try Meter.charge(bytes: text.utf8.count)
        return escaped(text)
    }

    private static let keeping: Set<String> = [
        "upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "swapcase", "casefold", "zfill",
        "removeprefix", "removesuffix", "split", "splitlines",
    ]
    private static let escaping: Set<String> = [
        "replace", "join", "format", "center", "ljust", "rjust", "partition", "rpartition", "rsplit",
    ]

    /// A method of a string that is markup: its texts are markup again.
    static func call(_ name: String, on text: String, _ arguments: CallArguments) throws(Failure) -> Value {
        guard !escaping.contains(name) else {
            throw Failure(
                "'\(name)' of a text that is marked as safe is not available in this version",
                hint: "call it before '| escape', '| safe' or '| tojson'")
        }
        let result = try Methods.call(name, on: text, arguments)
        guard keeping.contains(name) else { return result }
        switch result {
        case .string(let text): return .markup(text)
        case .list(let list): return .list(list.map { .markup($0.plainString ?? "") })
        default: return result
        }
    }

    /// `striptags`: comments and tags go, blanks become one, entities become their characters.
    static func stripped(_ text: String) throws(Failure) -> String {
        let bytes = Array(text.utf8)
        let uncommented = without(from: Array("<!--".utf8), to: Array("-->".utf8), in: bytes)
        let bare = without(from: [UInt8(ascii: "<")], to: [UInt8(ascii: ">")], in: uncommented)
        return try Entities.resolved(
            Texts.words(String(decoding: bare, as: UTF8.self), limit: -1).joined(separator: " "))
    }

    /// The bytes without what stands between the marks, and without the marks.
    private static func without(from open: [UInt8], to close: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        func find(_ mark: [UInt8], from start: Int) -> Int? {
            guard bytes.count >= mark.count else { return nil }
            var index = start
            while index <= bytes.count - mark.count {
                if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) { return index }
                index += 1
            }
            return nil
        }
        var result: [UInt8] = []
        var position = 0
        while let start = find(open, from: position), let end = find(close, from: start) {
            result += bytes[position..<start]
            position = end + close.count
        }
        return result + bytes[position...]
    }
}
