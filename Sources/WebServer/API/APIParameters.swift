import CivilTime

/// The parameters of a question, read strictly: what is not understood is refused, not guessed.
struct APIParameters: Sendable {
    let query: [String: String]

    /// - Throws: ``APIProblem`` for a parameter that the question does not have.
    init(_ query: [String: String], allowed: [String]) throws(APIProblem) {
        self.query = query
        for name in query.keys.sorted() where !allowed.contains(name) {
            throw APIProblem.invalid(
                "parameter", "there is no parameter \"\(name.prefix(40))\"",
                allowed.isEmpty ? "this question has none" : "there are \(allowed.joined(separator: ", "))")
        }
    }

    func number(_ name: String, in range: ClosedRange<Int>, otherwise fallback: Int) throws(APIProblem) -> Int {
        guard let text = query[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw APIProblem.invalid(
                name, "\(name) is \"\(text.prefix(40))\"",
                "write a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func instant(_ name: String) throws(APIProblem) -> Timestamp? {
        guard let text = query[name] else { return nil }
        guard let instant = Timestamp(iso8601: text) else {
            throw APIProblem.invalid(
                name, "\(name) is \"\(text.prefix(40))\", which is no time",
                "write ISO 8601, such as 2026-11-20T12:00:00Z; encode a + as %2B")
        }
        return instant
    }

    /// A text that has to be there.
    func text(_ name: String, example: String) throws(APIProblem) -> String {
        guard let text = query[name], !text.isEmpty else {
            throw APIProblem.invalid(name, "\(name) is missing", "write \(name)=\(example)")
        }
        return text
    }
}
