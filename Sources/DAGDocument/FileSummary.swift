package import DAGModel

/// What is to be known of a file once its DAGs are handed on.
package struct FileSummary: Sendable {
    package let file: String
    /// The documents without errors, in order.
    package var dags: [DAGSummary]
    package var diagnostics: [Diagnostic]
    package let hasErrors: Bool

    package struct DAGSummary: Sendable {
        package let id: DAGID
        package let place: SourcePlace
        package let version: DAGVersionID
    }

    package init(_ file: LoadedFile) {
        self.file = file.file
        dags = file.dags.map { DAGSummary(id: $0.dag.id, place: $0.dag.place, version: $0.versionID) }
        diagnostics = file.diagnostics
        hasErrors = file.hasErrors
    }
}

extension [FileSummary] {
    /// A `dag_id` that several files define belongs to the first by path; the others lose that DAG and get an error
    /// that names the first.
    ///
    /// Call with all files of a folder.
    package mutating func resolveDuplicates() {
        var owners: [DAGID: SourcePlace] = [:]
        for index in indices.sorted(by: { self[$0].file < self[$1].file }) {
            for dag in self[index].dags {
                guard let first = owners[dag.id] else {
                    owners[dag.id] = dag.place
                    continue
                }
                self[index].diagnostics.append(
                    Diagnostic(
                        at: dag.place, keyPath: "dag_id", "the dag_id '\(dag.id)' is already taken by \(first)",
                        hint: "give one of the two another dag_id", dag: dag.id))
            }
            self[index].dags.removeAll { owners[$0.id] != $0.place }
        }
    }
}

extension [LoadedFile] {
    /// The same for files whose DAGs are at hand.
    package mutating func resolveDuplicates() {
        var summaries = map { FileSummary($0) }
        summaries.resolveDuplicates()
        for (index, summary) in zip(indices, summaries) {
            self[index].diagnostics = summary.diagnostics
            let kept = Set(summary.dags.map(\.place))
            self[index].dags.removeAll { !kept.contains($0.dag.place) }
        }
    }
}
