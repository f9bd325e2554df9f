/// Cuts a file into its documents before YAML reads them, so that a syntax error in one leaves the others readable and
/// each document's own text is known.
///
/// In YAML a line that begins with `---` or `...` ends whatever document it stands in, also inside quoted and block text.
enum DocumentSplitter {
    /// Bytes of one document, with the 0-based line it starts on.
    struct Piece {
        let range: Range<Int>
        let line: Int
    }

    static func pieces(_ bytes: UnsafeBufferPointer<UInt8>) -> [Piece] {
        var result: [Piece] = []
        var start = 0
        var startLine = 0
        var line = 0
        var index = 0
        // A run of directives (%YAML …), comments and blank lines belongs to the document that follows it.
        var preamble: (start: Int, line: Int, hasDirective: Bool)? = (0, 0, false)
        func close(at end: Int, nextLine: Int) {
            if end > start { result.append(Piece(range: start..<end, line: startLine)) }
            start = end
            startLine = nextLine
        }
        while index < bytes.count {
            let lineStart = index
            while index < bytes.count, bytes[index] != 10, bytes[index] != 13 { index += 1 }
            let lineEnd = index
            if index < bytes.count {
                index += bytes[index] == 13 && index + 1 < bytes.count && bytes[index + 1] == 10 ? 2 : 1
            }
            if isMarker(bytes, lineStart, lineEnd, UInt8(ascii: "-")) {
                if let found = preamble, found.hasDirective {
                    close(at: found.start, nextLine: found.line)
                } else {
                    close(at: lineStart, nextLine: line)
                }
                preamble = nil
            } else if isMarker(bytes, lineStart, lineEnd, UInt8(ascii: ".")) {
                close(at: index, nextLine: line + 1)
                preamble = (index, line + 1, false)
            } else if lineStart < lineEnd, bytes[lineStart] == UInt8(ascii: "%") {
                if preamble != nil { preamble?.hasDirective = true }
            } else if lineStart < lineEnd, bytes[lineStart] != UInt8(ascii: "#") {
                preamble = nil
            }
            line += 1
        }
        close(at: bytes.count, nextLine: line)
        return result
    }

    private static func isMarker(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ mark: UInt8) -> Bool {
        guard end - start >= 3, bytes[start] == mark, bytes[start + 1] == mark, bytes[start + 2] == mark else {
            return false
        }
        return end - start == 3 || bytes[start + 3] == 32 || bytes[start + 3] == 9
    }
}
