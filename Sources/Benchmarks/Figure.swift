/// One line of the report.
struct Figure: Sendable {
    /// Its name in the JSON object; nil for a line that is only shown.
    let key: String?
    let label: String
    let unit: String
    /// Digits after the point.
    let digits: Int
    /// Nil when it was not measured; `note` then says why.
    let values: Spread?
    /// What DESIGN asks for, or what it is measured by.
    let note: String

    init(_ key: String?, _ label: String, _ values: Spread?, _ unit: String, digits: Int = 0, _ note: String = "") {
        self.key = key
        self.label = label
        self.unit = unit
        self.digits = digits
        self.values = values.flatMap { $0.isEmpty ? nil : $0 }
        self.note = note
    }

    /// A number with a fixed count of digits after the point; thousands set apart by commas when `grouped`.
    static func text(_ value: Double, digits: Int, grouped: Bool = false) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "n/a" }
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        var whole = String(scaled / scale)
        if grouped {
            var parts: [Substring] = []
            var rest = whole[...]
            while rest.count > 3 {
                parts.insert(rest.suffix(3), at: 0)
                rest = rest.dropLast(3)
            }
            parts.insert(rest, at: 0)
            whole = parts.joined(separator: ",")
        }
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard digits > 0 else { return sign + whole }
        let fraction = String(scaled % scale)
        return sign + whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
