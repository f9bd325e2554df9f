/// The tasks that a template names in calls of `xcom_pull`, as far as they stand there as texts.
enum PulledTasks {
    /// The ids, in the order of the text.
    ///
    /// The first argument counts, or `task_ids`: a text, or texts in brackets. Anything computed is left out.
    static func names(in template: String) -> [String] {
        var found: [String] = []
        var rest = template[...]
        while let call = rest.firstRange(of: "xcom_pull(") {
            rest = rest[call.upperBound...]
            var reader = Reader(rest: rest)
            reader.skipBlanks()
            if reader.take("task_ids") {
                reader.skipBlanks()
                guard reader.take("=") else { continue }
                reader.skipBlanks()
            }
            guard reader.take("[") || reader.take("(") else {
                if let name = reader.quoted(), reader.endsArgument { found.append(name) }
                continue
            }
            repeat {
                reader.skipBlanks()
                guard let name = reader.quoted() else { break }
                found.append(name)
                reader.skipBlanks()
            } while reader.take(",")
        }
        return found
    }

    private struct Reader {
        var rest: Substring

        mutating func skipBlanks() { rest = rest.drop(while: \.isWhitespace) }

        mutating func take(_ text: String) -> Bool {
            guard rest.hasPrefix(text) else { return false }
            rest = rest.dropFirst(text.count)
            return true
        }

        /// A text in quotes; nil for anything else, and for one with escapes, which is not worth reading.
        mutating func quoted() -> String? {
            guard let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
            let inner = rest.dropFirst().prefix { $0 != quote && $0 != "\\" }
            let after = rest.dropFirst(inner.count + 1)
            guard after.first == quote else { return nil }
            rest = after.dropFirst()
            return String(inner)
        }

        /// Whether what was read is the whole argument: `'a' ~ 'b'` is computed.
        var endsArgument: Bool {
            let next = rest.drop(while: \.isWhitespace).first
            return next == "," || next == ")"
        }
    }
}
