/// A short text that is compared in words of eight bytes, not byte by byte.
struct BytePattern: Sendable {
    /// How many bytes it has.
    let length: Int
    private let words: (UInt64, UInt64, UInt64, UInt64)
    /// The bits of the last word that count.
    private let lastMask: UInt64

    /// A pattern of 1 to 32 bytes; a longer one never matches, so that its reader takes the slow way.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        length = bytes.count
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { word, byte in
                let place = index * 8 + byte
                return place < bytes.count ? word | UInt64(bytes[place]) << UInt64(byte * 8) : word
            }
        }
        words = (word(0), word(1), word(2), word(3))
        let rest = bytes.count % 8
        lastMask = rest == 0 ? .max : (1 << UInt64(rest * 8)) - 1
    }

    @inline(__always)
    func matches(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        let room = bytes.count - position
        guard length <= room, let start = bytes.baseAddress else { return false }
        let base = UnsafeRawPointer(start + position)
        // Whole words may be read only where they lie within the bytes; the last pattern of a text may not.
        guard room >= (length + 7) & ~7 else { return matchesSlowly(bytes, at: position) }
        let first = Self.load(base)
        switch length {
        case ...8: return first & lastMask == words.0
        case ...16: return first == words.0 && Self.load(base + 8) & lastMask == words.1
        case ...24:
            return first == words.0 && Self.load(base + 8) == words.1 && Self.load(base + 16) & lastMask == words.2
        case ...32:
            return first == words.0 && Self.load(base + 8) == words.1 && Self.load(base + 16) == words.2
                && Self.load(base + 24) & lastMask == words.3
        default: return false
        }
    }

    @inline(__always)
    private static func load(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }

    @inline(never)
    private func matchesSlowly(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        guard length <= 32 else { return false }
        let all = [words.0, words.1, words.2, words.3]
        for index in 0..<length {
            let expected = UInt8(truncatingIfNeeded: all[index / 8] >> UInt64(index % 8 * 8))
            guard bytes[position + index] == expected else { return false }
        }
        return true
    }
}
