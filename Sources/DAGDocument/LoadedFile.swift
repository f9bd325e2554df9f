package import DAGModel

/// What one document file came to: its DAGs and everything that is wrong with it.
package struct LoadedFile: Sendable {
    /// Relative to the DAG folder.
    package let file: String
    /// The documents without errors, in order.
    package var dags: [LoadedDAG]
    /// Problems of all documents, by place.
    package var diagnostics: [Diagnostic]
    /// The text files its documents read with `$f`, relative to the DAG folder; also those that could not be read, so
    /// that a file that appears later is noticed.
    package let textFiles: [String]

    package init(file: String, dags: [LoadedDAG] = [], diagnostics: [Diagnostic] = [], textFiles: [String] = []) {
        self.file = file
        self.dags = dags
        self.diagnostics = diagnostics
        self.textFiles = textFiles
    }

    /// Whether any problem is more than a warning.
    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// One document without errors.
package struct LoadedDAG: Sendable {
    package let dag: DAG
    /// SHA-256 of the document's own text and of the text of every file it reads with `$f`: the same version means
    /// the same behaviour.
    package let versionID: DAGVersionID
    /// The document's own text.
    package let sourceText: String
    /// The text files that are part of it, relative to the DAG folder, in order.
    package let textFiles: [String]

    package init(dag: DAG, versionID: DAGVersionID, sourceText: String, textFiles: [String] = []) {
        self.dag = dag
        self.versionID = versionID
        self.sourceText = sourceText
        self.textFiles = textFiles
    }
}
