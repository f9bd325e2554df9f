extension JSONReader {
    /// Steps over an escape after checking its grammar.
    mutating func checkEscape() throws(MalformedData) {
        guard let kind = byte(at: position + 1) else { throw failure("the text ends early") }
        switch kind {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: advance(by: 2)
        case 0x75:
            guard hexadecimal(at: position + 2) != nil else { throw failure("\\u without four hexadecimal digits") }
            advance(by: 6)
        default: throw failure("an unknown escape within a string")
        }
    }

    /// The text of a string whose escapes have been checked; a lone half of a surrogate pair is an error.
    func unescaped(_ content: Range<Int>) throws(MalformedData) -> String {
        var text: [UInt8] = []
        var index = content.lowerBound
        while index < content.upperBound, let next = byte(at: index) {
            guard next == 0x5C else {
                text.append(next)
                index += 1
                continue
            }
            switch byte(at: index + 1) {
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0C)
            case 0x6E: text.append(0x0A)
            case 0x72: text.append(0x0D)
            case 0x74: text.append(0x09)
            case 0x75:
                let (scalar, length) = try scalar(at: index)
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
                index += length
                continue
            case let same: text.append(same ?? 0)
            }
            index += 2
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The scalar of one `\u` escape, or of two that form a surrogate pair, and the bytes they take.
    private func scalar(at index: Int) throws(MalformedData) -> (Unicode.Scalar, Int) {
        let first = hexadecimal(at: index + 2) ?? 0
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        if first < 0xDC00, byte(at: index + 6) == 0x5C, byte(at: index + 7) == 0x75,
            let second = hexadecimal(at: index + 8), (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        {
            return (scalar, 12)
        }
        throw MalformedData(offset: index, reason: "half of a surrogate pair")
    }

    private func hexadecimal(at start: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard let byte = byte(at: index) else { return nil }
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
            default: return nil
            }
        }
        return value
    }
}
