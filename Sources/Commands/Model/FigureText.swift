import Glibc

/// Figures of models as tables show them; empty for those that are not known.
enum FigureText {
    /// An error in log returns.
    static func error(_ value: Double?) -> String { fixed(value, 5) }

    static func loss(_ value: Double?) -> String { fixed(value, 4) }

    static func percent(_ fraction: Double?, signed: Bool = false) -> String {
        guard let fraction, fraction.isFinite else { return "" }
        return (signed && fraction > 0 ? "+" : "") + fixed(fraction * 100, 2) + " %"
    }

    /// As many decimals as the size of a price asks for.
    static func price(_ value: Double?) -> String {
        guard let value else { return "" }
        let size = abs(value)
        return fixed(value, size >= 10_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 3 : 6)
    }

    /// Rounded, with so many decimals.
    static func fixed(_ value: Double?, _ decimals: Int) -> String {
        guard let value else { return "" }
        let scaled = (value * pow(10, Double(decimals))).rounded()
        guard scaled.isFinite, abs(scaled) < 9e15 else { return "\(value)" }
        let number = Int64(scaled)
        let digits = String(number.magnitude)
        let sign = number < 0 ? "-" : ""
        guard decimals > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
}
