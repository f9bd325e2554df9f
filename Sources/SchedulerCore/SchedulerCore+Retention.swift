package import CivilTime
package import DAGModel

/// How long the history keeps runs that have ended.
///
/// Whatever the rule says, the newest run of each outcome of a DAG stays, and everything that has not ended.
package struct RetentionRule: Hashable, Sendable, Codable {
    /// Runs that ended before this instant may go; nil for none.
    package var endedBefore: Timestamp?
    /// Of each DAG, runs beyond so many newer ones may go, whatever their age; nil for none.
    package var keptRuns: Int?

    package init(endedBefore: Timestamp?, keptRuns: Int?) {
        self.endedBefore = endedBefore
        self.keptRuns = keptRuns
    }
}

/// A run that is not in the history any more, for whoever keeps something of it.
package struct ForgottenRun: Hashable, Sendable {
    package let dag: DAGID
    package let runID: String

    package init(dag: DAGID, runID: String) {
        self.dag = dag
        self.runID = runID
    }
}

extension SchedulerCore {
    /// Forgets runs that a rule lets go.
    mutating func retire(_ found: [RunRecord], asked pending: PendingCommand?) {
        let expired = found.filter { $0.state.isFinished && runs[$0.key] == nil }
        forget(expired)
        guard let pending else { return }
        let names = expired.map { "\($0.dag) \($0.runID)" }
        decision.changes.append(
            .finishCommand(pending.id, .changed(count: names.count, names: Array(names.prefix(1_000)))))
    }

    /// Takes runs out of the history: none of them is active.
    mutating func forget(_ records: [RunRecord]) {
        guard !records.isEmpty else { return }
        for run in records {
            decision.changes.append(.deleteRun(run.key))
            if let date = run.logicalDate { dags[run.dag]?.datesAhead.remove(date) }
            forgetPast(run.key)
            touch(run)
        }
        decision.actions.append(.removeLogs(records.map { ForgottenRun(dag: $0.dag, runID: $0.runID) }))
    }
}
