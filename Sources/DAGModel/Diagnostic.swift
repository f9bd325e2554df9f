/// One problem of a document: what, where, and what would be right.
package struct Diagnostic: Hashable, Sendable, Codable, CustomStringConvertible, Error {
    package enum Severity: String, Sendable, Codable { case error, warning }

    package let severity: Severity
    package let place: SourcePlace
    /// Where in the document's structure, such as `tasks[2].needs[0]`; empty for the document itself.
    package let keyPath: String
    /// What was found and what would be right.
    package let message: String
    /// The nearest known name or the change to make; nil when there is none.
    package let hint: String?
    /// The DAG whose document it is in; nil where that could not be read.
    package var dag: DAGID?

    package init(
        _ severity: Severity = .error, at place: SourcePlace, keyPath: String = "", _ message: String,
        hint: String? = nil, dag: DAGID? = nil
    ) {
        self.severity = severity
        self.place = place
        self.keyPath = keyPath
        self.message = message
        self.hint = hint
        self.dag = dag
    }

    package var description: String {
        let path = keyPath.isEmpty ? "" : " \(keyPath):"
        return "\(place): \(severity.rawValue):\(path) \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
