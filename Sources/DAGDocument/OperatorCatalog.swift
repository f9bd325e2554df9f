package import DAGModel

/// The operators of an installation, by every name a document may use.
package struct OperatorCatalog: Sendable {
    /// By their short names, in alphabetical order.
    package let signatures: [OperatorSignature]
    private let byName: [String: OperatorSignature]
    private let parameterNames: Set<String>
    /// What callbacks may name, by their short names.
    package let notifiers: [OperatorSignature]
    private let notifiersByName: [String: OperatorSignature]

    package init(_ signatures: [OperatorSignature], notifiers: [OperatorSignature] = OperatorSignature.notifiers) {
        self.notifiers = notifiers
        var notifiersByName: [String: OperatorSignature] = [:]
        for signature in notifiers {
            for name in [signature.name] + signature.aliases { notifiersByName[name] = signature }
        }
        self.notifiersByName = notifiersByName
        self.signatures = signatures.sorted { $0.name < $1.name }
        var byName: [String: OperatorSignature] = [:]
        for signature in self.signatures {
            for name in [signature.name] + signature.aliases where byName[name] == nil { byName[name] = signature }
        }
        self.byName = byName
        parameterNames = Set(signatures.flatMap { $0.parameters.map(\.name) })
    }

    /// The operator of a short name or class path, nil when there is none.
    package func resolve(_ name: String) -> OperatorSignature? { byName[name] }

    /// The known name nearest to an unknown one: a whole name, or one whose class is called nearly the same.
    package func nearest(to name: String) -> String? {
        if let nearest = NearestName.of(name, among: byName.keys.sorted()) { return nearest }
        let className = Self.className(name)
        let candidates = byName.keys.sorted()
        if let same = candidates.first(where: { Self.className($0).lowercased() == className.lowercased() }) {
            return same
        }
        guard let near = NearestName.of(className, among: candidates.map(Self.className)) else { return nil }
        return candidates.first { Self.className($0) == near }
    }

    /// The notifier of a short name or class path, nil when there is none.
    package func notifier(_ name: String) -> OperatorSignature? { notifiersByName[name] }

    /// The known notifier's name nearest to an unknown one.
    func nearestNotifier(to name: String) -> String? {
        NearestName.of(name, among: notifiersByName.keys.sorted())
    }

    /// Whether any operator has a parameter of this name.
    func hasParameter(_ name: String) -> Bool { parameterNames.contains(name) }

    private static func className(_ name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }
}
