import FoundationEssentials
package import ModelRegistry

extension TrainingParameters {
    /// The defaults, with what a JSON object says instead.
    ///
    /// Numbers may be given as texts, since templates render to texts; null and empty texts leave the default.
    /// - Throws: ``ModelFailure`` `invalid` naming everything that cannot be used.
    package init(json text: String) throws(ModelFailure) {
        self.init()
        let members: [String: Number]
        do {
            members = try JSONDecoder().decode([String: Number].self, from: Data(text.utf8))
        } catch {
            throw ModelFailure(
                .invalid, "parameters must be a JSON object of numbers such as {\"rounds\": 200}: \(text)")
        }
        var problems: [String] = []
        for (name, number) in members.sorted(by: { $0.key < $1.key }) {
            guard let rule = Self.rules[name] else {
                let known = Self.rules.keys.sorted().joined(separator: ", ")
                problems.append("there is no parameter \"\(name)\" (known: \(known))")
                continue
            }
            guard let value = number.value else {
                if let garbage = number.garbage { problems.append("\(name) must be a number, found \"\(garbage)\"") }
                continue
            }
            guard rule.range.contains(value), !rule.isWhole || value == value.rounded() else {
                let kind = rule.isWhole ? "a whole number" : "a number"
                let (low, high) = (Self.text(rule.range.lowerBound), Self.text(rule.range.upperBound))
                problems.append("\(name) must be \(kind) from \(low) to \(high), found \(Self.text(value))")
                continue
            }
            rule.set(&self, value)
        }
        guard problems.isEmpty else { throw ModelFailure(.invalid, problems.joined(separator: "; ")) }
    }

    /// A number, a text that holds one, or nothing.
    private struct Number: Decodable {
        var value: Double?
        var garbage: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() { return }
            if let number = try? container.decode(Double.self) {
                value = number
                return
            }
            let text = try container.decode(String.self)
            if ["", "none", "null"].contains(text.lowercased()) { return }
            value = Double(text)
            if value == nil { garbage = String(text.prefix(40)) }
        }
    }

    private struct Rule {
        let range: ClosedRange<Double>
        var isWhole = false
        let set: @Sendable (inout TrainingParameters, Double) -> Void
    }

    private static let rules: [String: Rule] = [
        "rounds": Rule(range: 1...5_000, isWhole: true) { $0.rounds = Int($1) },
        "eta": Rule(range: 0.0001...1) { $0.eta = $1 },
        "max_depth": Rule(range: 1...12, isWhole: true) { $0.maxDepth = Int($1) },
        "min_child_weight": Rule(range: 0...1_000_000) { $0.minChildWeight = $1 },
        "subsample": Rule(range: 0.05...1) { $0.subsample = $1 },
        "colsample_bytree": Rule(range: 0.05...1) { $0.colsampleByTree = $1 },
        "lambda": Rule(range: 0...1_000_000) { $0.lambda = $1 },
        "alpha": Rule(range: 0...1_000_000) { $0.alpha = $1 },
        "seed": Rule(range: 0...2_147_483_647, isWhole: true) { $0.seed = Int($1) },
        "train_hours": Rule(range: 48...87_600, isWhole: true) { $0.trainHours = Int($1) },
        // Fewer windows would not show whether a score was luck.
        "windows": Rule(range: 6...100, isWhole: true) { $0.windows = Int($1) },
        "window_hours": Rule(range: 12...8_760, isWhole: true) { $0.windowHours = Int($1) },
        "judge_hours": Rule(range: 24...8_760, isWhole: true) { $0.judgeHours = Int($1) },
    ]

    private static func text(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }
}
