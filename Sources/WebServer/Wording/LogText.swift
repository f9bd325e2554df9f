/// Logs as pages show them.
enum LogText {
    /// Without terminal colours and other control sequences; a carriage return, which progress bars use, ends a line.
    static func plain(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x1B: skipSequence(&rest)
            case UInt8(ascii: "\r"):
                if rest.first != UInt8(ascii: "\n") { result.append(UInt8(ascii: "\n")) }
            case UInt8(ascii: "\n"), UInt8(ascii: "\t"), 0x20...0x7E, 0x80...0xFF: result.append(byte)
            default: result += "\u{FFFD}".utf8
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Behind an escape character: a CSI sequence (`[`, parameters, a final letter), an OSC up to its end, or one more.
    private static func skipSequence(_ rest: inout Substring.UTF8View) {
        switch rest.first {
        case UInt8(ascii: "["):
            rest.removeFirst()
            while let byte = rest.first, (0x20...0x3F).contains(byte) { rest.removeFirst() }
            if let last = rest.first, (0x40...0x7E).contains(last) { rest.removeFirst() }
        case UInt8(ascii: "]"):
            while let byte = rest.first, byte != 0x07, byte != UInt8(ascii: "\n") { rest.removeFirst() }
            if rest.first == 0x07 { rest.removeFirst() }
        case .some(0x20...0x7E): rest.removeFirst()
        default: break
        }
    }
}
