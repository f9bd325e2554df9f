/// Why a template cannot be read or rendered, and where in its text.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found and what would be right.
    package let message: String
    /// The nearest known name or the change to make; nil when there is none.
    package let hint: String?
    /// The offset in bytes (UTF-8) from the start of the template's text.
    package let offset: Int
    /// 1-based line within the template's text.
    package let line: Int
    /// 1-based column within that line, counted in characters (Unicode scalars).
    package let column: Int

    /// An error at a byte of the template's source text.
    init(_ message: String, hint: String? = nil, at offset: Int, in source: [UInt8]) {
        self.message = message
        self.hint = hint
        self.offset = offset
        var line = 1
        var column = 1
        for byte in source.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }

    package var description: String {
        "template line \(line), column \(column): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}

/// A failure while reading or evaluating, before the text's lines are counted.
struct Failure: Error {
    let message: String
    let hint: String?
    /// Byte offset; nil when the place is the expression being evaluated.
    var offset: Int?

    init(_ message: String, hint: String? = nil, at offset: Int? = nil) {
        self.message = message
        self.hint = hint
        self.offset = offset
    }
}
