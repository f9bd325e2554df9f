/// Where in a document's structure something stands: `tasks[2].needs[0]`.
struct DocumentPath: Hashable, Sendable, CustomStringConvertible {
    enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    private(set) var steps: [Step] = []

    init(_ steps: Step...) { self.steps = steps }

    mutating func append(_ step: Step) { steps.append(step) }

    mutating func removeLast() { steps.removeLast() }

    func appending(_ step: Step) -> DocumentPath {
        var copy = self
        copy.steps.append(step)
        return copy
    }

    func key(_ name: String) -> DocumentPath { appending(.key(name)) }

    func index(_ position: Int) -> DocumentPath { appending(.index(position)) }

    var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .index(let position): text += "[\(position)]"
            case .key(let name):
                if !text.isEmpty { text += "." }
                text += Self.shown(name)
            }
        }
        return text
    }

    /// A key as it stands in a path: quoted when it is not a plain word, cut when it is long.
    private static func shown(_ key: String) -> String {
        let isPlain =
            !key.isEmpty && key.utf8.count <= 60
            && key.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "_-$<>".utf8.contains(byte)
            }
        return isPlain ? key : "\"\(key.prefix(60))\""
    }
}
