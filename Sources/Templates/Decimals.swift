import Glibc

/// Rounding and fixed-point text of binary floating point, as Python does them.
enum Decimals {
    /// A number with exactly `digits` decimals, correctly rounded from its exact binary value.
    static func fixed(_ number: Double, _ digits: Int) -> String {
        guard number.isFinite else { return "\(number)" }
        var buffer = [CChar](repeating: 0, count: 512)
        let length = withVaList([Int32(clamping: digits), number]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
        return String(
            decoding: buffer.prefix(max(Int(length), 0)).prefix(511).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Python's `round(number, digits)`: ties go to the even digit.
    static func rounded(_ number: Double, _ digits: Int) -> Double {
        guard number.isFinite else { return number }
        if digits >= 0 { return digits > 30 ? number : Double(fixed(number, digits)) ?? number }
        let scale = pow(10, Double(-digits))
        return (number / scale).rounded(.toNearestOrEven) * scale
    }
}
