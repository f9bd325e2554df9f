/// Which assets must have new events before an asset-scheduled DAG runs.
package indirect enum AssetCondition: Sendable, Hashable {
    /// One asset, by name.
    case asset(String)
    /// Every part must hold.
    case all([AssetCondition])
    /// One part suffices.
    case any([AssetCondition])

    /// Every asset named, in the order written, without repeats.
    package var assets: [String] {
        var found: [String] = []
        collect(into: &found)
        return found
    }

    /// Whether the assets with new events are enough.
    ///
    /// `all` of nothing and `any` of nothing never hold: they would run a DAG without cause.
    package func isSatisfied(by updated: Set<String>) -> Bool {
        switch self {
        case .asset(let name): updated.contains(name)
        case .all(let parts): !parts.isEmpty && parts.allSatisfy { $0.isSatisfied(by: updated) }
        case .any(let parts): parts.contains { $0.isSatisfied(by: updated) }
        }
    }

    private func collect(into found: inout [String]) {
        switch self {
        case .asset(let name): if !found.contains(name) { found.append(name) }
        case .all(let parts), .any(let parts): for part in parts { part.collect(into: &found) }
        }
    }
}

extension AssetCondition: Codable, CustomStringConvertible {
    private enum Key: String, CodingKey { case all, any }

    /// Reads a name, `{"all": […]}` or `{"any": […]}`.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.singleValueContainer(), let name = try? container.decode(String.self) {
            self = .asset(name)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        guard container.allKeys.count == 1, let key = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "an asset condition is a name, {all: [...]} or {any: [...]}"))
        }
        let parts = try container.decode([AssetCondition].self, forKey: key)
        self = key == .all ? .all(parts) : .any(parts)
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .asset(let name):
            var container = encoder.singleValueContainer()
            try container.encode(name)
        case .all(let parts):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(parts, forKey: .all)
        case .any(let parts):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(parts, forKey: .any)
        }
    }

    /// `(a & (b | c))`, Airflow's operators.
    package var description: String {
        switch self {
        case .asset(let name): name
        case .all(let parts): "(" + parts.map(\.description).joined(separator: " & ") + ")"
        case .any(let parts): "(" + parts.map(\.description).joined(separator: " | ") + ")"
        }
    }
}
