import Glibc

/// Rounding and fixed-point text of binary floating point, as Python does them.
enum Decimals {
    /// Python's `repr()` of a float: the shortest digits that give it back, with an exponent from 1e16 and below 1e-4.
    static func text(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        let text = "\(number)"
        if number.magnitude >= 0x1p53, number.magnitude < 1e16 { return fixed(number, 1) }
        guard let mark = text.firstIndex(of: "e") else { return text }
        var digits = String(text[..<mark])
        if digits.hasSuffix(".0") { digits.removeLast(2) }
        let exponent = Int(text[text.index(after: mark)...]) ?? 0
        return digits + "e" + (exponent < 0 ? "-" : "+") + padded(abs(exponent), 2)
    }

    /// C's `%e`, `%f` or `%g` of a number, which is also Python's.
    static func text(_ number: Double, _ digits: Int, as conversion: Unicode.Scalar) -> String {
        let isUpper = conversion.properties.isUppercase
        guard number.isFinite else {
            let word = number.isNaN ? "nan" : number < 0 ? "-inf" : "inf"
            return isUpper ? word.uppercased() : word
        }
        var buffer = [CChar](repeating: 0, count: 512)
        let length = withVaList([Int32(clamping: digits), number]) {
            vsnprintf(&buffer, buffer.count, "%.*\(conversion)", $0)
        }
        return String(
            decoding: buffer.prefix(max(Int(length), 0)).prefix(511).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

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
