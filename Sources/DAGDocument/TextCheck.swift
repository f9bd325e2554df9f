import Glibc

/// Whether bytes are text that YAML may be read from: UTF-8 without NUL.
enum TextCheck {
    struct Failure {
        let message: String
        let hint: String?
        let mark: Mark
    }

    static func failure(_ bytes: [UInt8]) -> Failure? {
        let first = Mark(line: 1, column: 1)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return Failure(message: "the file is UTF-16, not UTF-8", hint: "save it as UTF-8", mark: first)
        }
        if let index = bytes.firstIndex(of: 0) {
            return Failure(
                message: "the file has a NUL byte: it is not text", hint: "save it as UTF-8", mark: mark(bytes, index))
        }
        guard let index = firstInvalid(bytes) else { return nil }
        let byte = String(bytes[index], radix: 16, uppercase: true)
        return Failure(
            message: "the file is not UTF-8: the byte 0x\(byte) does not belong there", hint: "save it as UTF-8",
            mark: mark(bytes, index))
    }

    private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
        // The fast check first; the slow one only finds the place.
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var index = 0
        while index < bytes.count {
            let length =
                switch bytes[index] {
                case 0..<0x80: 1
                case 0xC2..<0xE0: 2
                case 0xE0..<0xF0: 3
                case 0xF0..<0xF5: 4
                default: 0
                }
            guard length > 0, index + length <= bytes.count,
                String(validating: bytes[index..<index + length], as: UTF8.self) != nil
            else { return index }
            index += length
        }
        return nil
    }

    private static func mark(_ bytes: [UInt8], _ index: Int) -> Mark {
        var line: Int32 = 1
        var column: Int32 = 1
        for byte in bytes.prefix(index) {
            if byte == 10 {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return Mark(line: line, column: column)
    }
}
