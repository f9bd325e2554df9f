import Glibc

/// Numbers for people.
enum NumberText {
    /// A decimal with thousands separated: `12345.5` as `12,345.5`.
    ///
    /// What is no plain decimal stays as it is.
    static func grouped(_ text: String) -> String {
        let negative = text.hasPrefix("-")
        let body = negative ? text.dropFirst() : text[...]
        let whole = body.prefix { $0 != "." }
        guard !whole.isEmpty, whole.utf8.allSatisfy({ (48...57).contains($0) }) else { return text }
        var result = ""
        for (place, digit) in whole.enumerated() {
            if place > 0, (whole.count - place) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return (negative ? "-" : "") + result + body.dropFirst(whole.count)
    }

    /// ``grouped(_:)`` with a plus before what is more than nothing.
    static func signed(_ text: String) -> String {
        let isPositive = !text.hasPrefix("-") && text.contains { $0 != "0" && $0 != "." }
        return (isPositive ? "+" : "") + grouped(text)
    }

    /// A quantity of which nobody needs every digit: whole from 1,000 on, else cut to six digits.
    ///
    /// Cut from the text, so that no rounding makes a number of it; the live pages' script does the same.
    static func amount(_ text: String) -> String {
        let negative = text.hasPrefix("-")
        let body = negative ? text.dropFirst() : text[...]
        let whole = body.prefix { $0 != "." }
        guard !whole.isEmpty, whole.utf8.allSatisfy({ (48...57).contains($0) }) else { return text }
        var fraction = whole.count >= 4 ? "" : body.dropFirst(whole.count + 1).prefix(6 - whole.count)
        while fraction.last == "0" { fraction.removeLast() }
        return grouped((negative ? "-" : "") + whole) + (fraction.isEmpty ? "" : "." + fraction)
    }

    static func percent(_ fraction: Double, signed: Bool = false) -> String {
        guard fraction.isFinite else { return "–" }
        return (signed && fraction > 0 ? "+" : "") + fixed(fraction * 100, decimals: 2) + " %"
    }

    static func reading(_ value: Double?, _ unit: MarketReading.Unit) -> String {
        guard let value, value.isFinite else { return "–" }
        return switch unit {
        case .price: price(value)
        case .fraction: percent(value)
        case .plain: fixed(value, decimals: 2)
        case .count: grouped(fixed(value, decimals: 0))
        }
    }

    /// As many decimals as the size asks for.
    static func price(_ value: Double) -> String {
        let size = abs(value)
        return grouped(fixed(value, decimals: size >= 10_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 3 : 6))
    }

    /// Rounded to at most six decimals, all of them written.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let scale = pow(10, Double(decimals))
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, abs(scaled) < 9e15 else { return "\(value)" }
        let number = Int64(scaled)
        let digits = String(number.magnitude)
        let sign = number < 0 ? "-" : ""
        guard decimals > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
}
