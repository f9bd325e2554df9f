package import DAGModel
package import RunStore
package import SchedulerCore

/// Where documents come from: a folder that is looked at again and again.
package protocol DocumentSource: Sendable {
    /// What changed since the last call. Never on a cooperative thread for long.
    /// - Parameter afresh: report everything, as in the first call: a new leader starts from nothing.
    func scan(afresh: Bool) async throws -> DocumentChanges
}

/// What a look at the documents found.
package struct DocumentChanges: Sendable {
    /// New and changed DAGs.
    package var loaded: [DAGRecord]
    /// Names of all DAGs that are there, changed or not.
    package var present: Set<DAGID>
    /// Files with problems, all of them; nil when that is as before.
    package var problems: [ImportErrorRecord]?
    /// Files that could not be read at all or have errors: a DAG of theirs that is missing now is broken, not gone.
    package var brokenFiles: Set<String>

    package init(
        loaded: [DAGRecord], present: Set<DAGID>, problems: [ImportErrorRecord]?, brokenFiles: Set<String>
    ) {
        self.loaded = loaded
        self.present = present
        self.problems = problems
        self.brokenFiles = brokenFiles
    }
}
