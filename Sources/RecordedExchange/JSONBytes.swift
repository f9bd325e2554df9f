import CivilTime

/// JSON text put together by hand: Upbit's number notation (`162483000.00000000`) is nothing an encoder writes, and a page
/// of 200 candles should cost microseconds.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []

    init(reserving count: Int = 256) { bytes.reserveCapacity(count) }

    /// Text that is already JSON.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// A string in quotes, escaped as far as JSON demands.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                raw("\\u00")
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func integer(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(value.magnitude, width: 1)
    }

    /// A number of 10⁻⁸ with its eight decimals.
    mutating func decimal(_ value: Int64) { decimal(Int128(value)) }

    /// A number of 10⁻⁸ with its eight decimals, followed by `padding` zeros.
    mutating func decimal(_ value: Int128, padding: Int = 0) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: 100_000_000)
        digits(UInt64(clamping: whole), width: 1)
        bytes.append(UInt8(ascii: "."))
        digits(UInt64(fraction), width: 8)
        for _ in 0..<padding { bytes.append(UInt8(ascii: "0")) }
    }

    /// A number of 10⁻¹⁰ with its ten decimals.
    mutating func rate(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: 10_000_000_000)
        digits(whole, width: 1)
        bytes.append(UInt8(ascii: "."))
        digits(fraction, width: 10)
    }

    /// `2025-07-29`, or `20250729` without a separator.
    mutating func date(_ time: Int64, dashes: Bool = true) {
        let civil = CivilDateTime(secondsAsUTC: time)
        digits(UInt64(clamping: civil.year), width: 4)
        if dashes { bytes.append(UInt8(ascii: "-")) }
        digits(UInt64(civil.month), width: 2)
        if dashes { bytes.append(UInt8(ascii: "-")) }
        digits(UInt64(civil.day), width: 2)
    }

    /// `17:03:15`, or `170315` without a separator.
    mutating func timeOfDay(_ time: Int64, colons: Bool = true) {
        let second = UInt64(time.flooredRemainder(86_400))
        digits(second / 3600, width: 2)
        if colons { bytes.append(UInt8(ascii: ":")) }
        digits(second / 60 % 60, width: 2)
        if colons { bytes.append(UInt8(ascii: ":")) }
        digits(second % 60, width: 2)
    }

    /// `2025-07-29T00:00:00`, without a zone.
    mutating func dateTime(_ time: Int64) {
        date(time)
        bytes.append(UInt8(ascii: "T"))
        timeOfDay(time)
    }

    private mutating func digits(_ value: UInt64, width: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var rest = value
            var position = 20
            while rest > 0 || 20 - position < width {
                position -= 1
                buffer[position] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[position...]))
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
