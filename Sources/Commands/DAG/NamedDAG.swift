import DAGDocument
import DAGModel

/// The DAG that a command line names: by its id, from the history, or by a file.
enum NamedDAG {
    /// Whether the word means a file: it has a slash, or YAML's ending.
    static func isFile(_ word: String) -> Bool {
        word.contains("/") || word.hasSuffix(".yaml") || word.hasSuffix(".yml")
    }

    /// The only DAG of a file, or the one called `id`.
    ///
    /// Throws ``CommandFailure`` for a file with errors, none or several DAGs.
    static func read(file: String, id: String? = nil) throws -> LoadedDAG {
        let check = DocumentCheck(catalog: OperatorCatalog(CommandEnvironment.current.operators), isPortable: false)
        let result = check.run([file])
        let dags = result.files.flatMap(\.dags).filter { id == nil || $0.dag.id.rawValue == id }
        if let problem = result.diagnostics.first(where: { $0.severity == .error }), dags.isEmpty {
            throw CommandFailure(problem.description, nextStep: "See `cryptoflow dag validate \(file)`.")
        }
        guard let first = dags.first else { throw CommandFailure("\(file) has no DAG") }
        guard dags.count == 1 else {
            throw CommandFailure(
                "\(file) has \(dags.count) DAGs: \(dags.map(\.dag.id.rawValue).joined(separator: ", "))",
                nextStep: "Name one with --dag.")
        }
        return first
    }
}
