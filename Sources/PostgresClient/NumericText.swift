/// The text of `numeric`'s binary form (`numeric_send`): groups of four decimal digits with a weight and a scale.
enum NumericText {
    private static let negative: UInt16 = 0x4000

    /// The number as the server would print it, or nil when the bytes are not a `numeric`.
    static func text(binary bytes: UnsafeRawBufferPointer) -> String? {
        func word(_ index: Int) -> UInt16 {
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        }
        guard bytes.count >= 8 else { return nil }
        let groupCount = Int(word(0))
        let weight = Int(Int16(bitPattern: word(1)))
        let scale = Int(word(3))
        switch word(2) {
        case 0x0000, negative: break
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: return nil
        }
        guard bytes.count == 8 + groupCount * 2 else { return nil }

        /// The group of 10,000^position; zero where none was sent.
        func group(_ position: Int) -> Int {
            let index = weight - position
            return index >= 0 && index < groupCount ? Int(word(4 + index)) : 0
        }
        var digits: [UInt8] = []
        digits.reserveCapacity((max(weight, 0) + 1) * 4 + scale + 6)
        if word(2) == negative { digits.append(UInt8(ascii: "-")) }
        var isLeading = true
        for position in stride(from: max(weight, 0), through: 0, by: -1) {
            append(group(position), to: &digits, skippingLeadingZeros: &isLeading)
        }
        if isLeading { digits.append(UInt8(ascii: "0")) }
        if scale > 0 {
            digits.append(UInt8(ascii: "."))
            let end = digits.count + scale
            var position = -1
            var never = false
            while digits.count < end {
                append(group(position), to: &digits, skippingLeadingZeros: &never)
                position -= 1
            }
            digits.removeLast(digits.count - end)
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Appends the four digits of `group`, without zeros in front while nothing else has been written.
    private static func append(_ group: Int, to digits: inout [UInt8], skippingLeadingZeros isLeading: inout Bool) {
        for divisor in [1000, 100, 10, 1] {
            let digit = group / divisor % 10
            if isLeading && digit == 0 { continue }
            isLeading = false
            digits.append(UInt8(ascii: "0") + UInt8(digit))
        }
    }
}
