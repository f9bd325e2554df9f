import CLibYAML

/// libyaml's problems in people's words.
enum SyntaxMessages {
    static func problem(_ parser: yaml_parser_t, in bytes: UnsafeBufferPointer<UInt8>, baseLine: Int) -> YAMLProblem {
        func mark(_ mark: yaml_mark_t) -> Mark {
            Mark(line: Int32(clamping: mark.line + baseLine + 1), column: Int32(clamping: mark.column + 1))
        }
        let problem = parser.problem.map { String(cString: $0) } ?? "unreadable"
        let context = parser.context.map { String(cString: $0) } ?? ""
        let place = mark(parser.problem_mark)
        guard parser.error != YAML_MEMORY_ERROR else { return YAMLProblem("out of memory while reading", at: place) }
        guard parser.error != YAML_READER_ERROR else {
            let value = parser.problem_value >= 0 ? " (0x\(String(parser.problem_value, radix: 16)))" : ""
            return YAMLProblem(
                "invalid YAML: a character that YAML does not allow\(value)",
                hint: "remove it, or write it as an escape in double quotes",
                at: markOfByte(parser.problem_offset, in: bytes, baseLine: baseLine))
        }
        let (message, hint) = words(problem, context)
        var text = "invalid YAML: " + message
        let start = mark(parser.context_mark)
        if !context.isEmpty, start < place {
            text += "; \(what(context)) began at line \(start.line), column \(start.column)"
        }
        return YAMLProblem(text, hint: hint, at: place)
    }

    /// libyaml reads ahead, so its own mark is not where a byte is that cannot be read.
    private static func markOfByte(_ offset: Int, in bytes: UnsafeBufferPointer<UInt8>, baseLine: Int) -> Mark {
        let before = bytes[..<min(max(offset, 0), bytes.count)]
        let newline = UInt8(ascii: "\n")
        let line = before.count { $0 == newline }
        let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
        // Bytes that continue a character are none.
        let column = before[start...].count { $0 & 0xC0 != 0x80 }
        return Mark(line: Int32(clamping: baseLine + line + 1), column: Int32(clamping: column + 1))
    }

    private static func what(_ context: String) -> String {
        if context.contains("flow sequence") { return "the list in brackets" }
        if context.contains("flow mapping") { return "the mapping in braces" }
        if context.contains("block sequence") || context.contains("block collection") { return "the list" }
        if context.contains("block mapping") { return "the mapping" }
        if context.contains("quoted scalar") { return "the quoted text" }
        if context.contains("simple key") { return "the key" }
        if context.contains("block scalar") { return "the text block" }
        return "it"
    }

    private static func words(_ problem: String, _ context: String) -> (String, String?) {
        switch problem {
        case "did not find expected ',' or ']'": return ("expected ',' or ']' in a list", "close the list with ]")
        case "did not find expected ',' or '}'": return ("expected ',' or '}' in a mapping", "close the mapping with }")
        case "did not find expected '-' indicator":
            return ("expected a list item that begins with '-'", "check the indentation of this line")
        case "did not find expected key": return ("expected a key here", "check the indentation and the quotes")
        case "could not find expected ':'": return ("expected ':' after the key", "write key: value")
        case "mapping values are not allowed in this context":
            return ("a ':' is not allowed here", "quote the text before it, or begin a new line")
        case "block sequence entries are not allowed in this context":
            return ("a '-' item is not allowed here", "begin the list on a line of its own")
        case "mapping keys are not allowed in this context": return ("a key is not allowed here", nil)
        case "found character that cannot start any token":
            return (
                "a character that cannot begin a value (a tab, '@', '`' or '%')",
                "indent with spaces, and quote text that begins with such a character"
            )
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            return ("a tab is used as indentation", "indent with spaces")
        case "found unexpected end of stream": return ("the text ends before its closing quote", "add the quote")
        case "found unexpected document indicator": return ("the document ends inside a quoted text", "add the quote")
        case "found undefined tag handle": return ("the tag's prefix is not declared", "leave the tag out")
        case "found unknown escape character": return ("an unknown escape after a backslash", "use single quotes")
        case "did not find expected <document start>":
            return ("text after the end of the document", "indent it, or begin a new document with ---")
        case "did not find expected node content": return ("a value is missing here", nil)
        case "found incompatible YAML document":
            return ("this version of YAML is not read", "write %YAML 1.2, or leave the line out")
        case "found duplicate anchor": return ("an anchor is used twice", nil)
        case "did not find expected alphabetic or numeric character" where context.contains("alias"):
            return ("a '*' begins the name of an anchor, and there is none", "quote the text, as in \"* * * * *\"")
        case "did not find expected alphabetic or numeric character" where context.contains("anchor"):
            return ("a '&' begins the name of an anchor, and there is none", "quote the text")
        default:
            let around = context.isEmpty ? "" : " " + context
            return (problem + around, nil)
        }
    }
}
