/// Python's `pprint.pformat`: keys sorted, lines of at most 80 characters.
enum PrettyText {
    private static let width = 80

    static func text(_ value: Value) throws(Failure) -> String { try text(value, indent: 0, allowance: 0) }

    private static func text(_ value: Value, indent: Int, allowance: Int) throws(Failure) -> String {
        let line = try oneLine(value)
        try Meter.charge(1)
        try Meter.charge(bytes: line.utf8.count)
        let room = width - indent - allowance
        guard line.unicodeScalars.count > room else { return line }
        switch value {
        case .list(let list) where list.isPlain && !list.isEmpty:
            return try "[" + items(list, indent + 1, allowance + 1) + "]"
        case .tuple(let list) where !list.isEmpty:
            let close = list.count == 1 ? ",)" : ")"
            return try "(" + items(list, indent + 1, list.count == 1 ? allowance : allowance + 1) + close
        case .map(let map) where !map.isEmpty:
            var parts = TextParts(separator: ",\n" + String(repeating: " ", count: indent + 1))
            let entries = try sorted(map)
            for (index, entry) in entries.enumerated() {
                let key = try oneLine(entry.key)
                let isLast = index == entries.count - 1
                try parts.append(
                    key, ": ",
                    try text(
                        entry.value, indent: indent + key.unicodeScalars.count + 3,
                        allowance: isLast ? allowance + 1 : 1))
            }
            return parts.joined("{", "}")
        case .string(let string) where !string.isEmpty: return try broken(string, indent, allowance)
        default: return line
        }
    }

    private static func items(_ list: ValueList, _ indent: Int, _ allowance: Int) throws(Failure) -> String {
        var parts = TextParts(separator: ",\n" + String(repeating: " ", count: indent))
        for (index, element) in list.enumerated() {
            try parts.append(try text(element, indent: indent, allowance: index == list.count - 1 ? allowance : 1))
        }
        return parts.joined("", "")
    }

    /// Python cuts long texts into pieces at blanks; where that matters is refused rather than written otherwise.
    private static func broken(_ text: String, _ indent: Int, _ allowance: Int) throws(Failure) -> String {
        let quoted = Value.quoted(text)
        guard text.unicodeScalars.contains(where: { $0.properties.isWhitespace }) else { return quoted }
        throw Failure(
            "'pprint' of a text too long for one line is not available in this version", hint: "use tojson(indent=2)")
    }

    /// `repr()` with the keys sorted.
    private static func oneLine(_ value: Value) throws(Failure) -> String { try sortedKeys(value).representation() }

    private static func sortedKeys(_ value: Value) throws(Failure) -> Value {
        try Meter.charge(1)
        switch value {
        case .list(let list) where list.isPlain:
            var elements: [Value] = []
            for element in list { elements.append(try sortedKeys(element)) }
            return .list(elements)
        case .tuple(let list):
            var elements: [Value] = []
            for element in list { elements.append(try sortedKeys(element)) }
            return .tuple(ValueList(elements, form: list.form))
        case .map(let map):
            var entries: [Value.Entry] = []
            for entry in try sorted(map) {
                entries.append(Value.Entry(key: entry.key, value: try sortedKeys(entry.value)))
            }
            return .map(entries)
        default: return value
        }
    }

    private static func sorted(_ map: ValueMap) throws(Failure) -> [Value.Entry] {
        try Meter.charge(map.count)
        let keys = try Collections.sorted(map.map(\.key), reverse: false)
        var entries: [Value.Entry] = []
        for key in keys {
            if let value = try Value.lookup(key, in: map) { entries.append(Value.Entry(key: key, value: value)) }
        }
        return entries
    }
}
