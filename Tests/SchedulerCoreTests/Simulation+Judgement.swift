import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

// What must hold once everything has come to rest.

extension Simulation {
    mutating func judge() throws {
        counts.runs = tables.runs.count
        counts.assetRuns = tables.runs.values.filter { $0.type == .assetTriggered }.count
        guard tables.liveAttempts.isEmpty else { throw violation("attempts stay live: \(tables.liveAttempts.keys)") }
        for run in tables.runs.values { try judge(run) }
        for backfill in tables.backfills.values where backfill.endedAt == nil {
            throw violation("backfill \(backfill.id) does not end")
        }
        for (dag, events) in tables.queuedEvents where !events.isEmpty {
            throw violation("asset events of \(dag) wait for ever: \(events)")
        }
        for document in documents { try judgeLedger(document.dag) }
    }

    private func judge(_ run: RunRecord) throws {
        guard run.state.isFinished, run.endDate != nil else {
            throw violation("run \(run.runID) of \(run.dag) stays \(run.state.rawValue)")
        }
        guard let dag = tables.versions[run.version] else { throw violation("run \(run.runID) lost its version") }
        if run.reason != nil {
            guard run.state == .failed else {
                throw violation("cancelled run \(run.runID) ended \(run.state.rawValue)")
            }
            return
        }
        var states: [TaskID: [TaskState]] = [:]
        for task in dag.tasks {
            let found = self.states(of: task.id, run.key, dag)
            states[task.id] = found
            let upstream = task.upstream.flatMap { states[$0] ?? [] }
            let skippers = IdealOutcome.skippers(of: task, in: dag, run: run.runID) {
                self.states(of: $0, run.key, dag)
            }
            let instances = tables.tasks(of: run.key).filter { $0.instance.task == task.id && $0.state != .removed }
            let isChanged = changedByHand.contains(run.key)
            let isMapped = instances.contains { $0.instance.mapIndex >= 0 }
            for row in instances where (row.instance.mapIndex >= 0) == isMapped {
                guard row.state.isFinished else {
                    throw violation(
                        "task \(row.instance) of \(run.runID), which ended \(run.state.rawValue), is \(row.state.rawValue), "
                            + "try \(row.tryNumber), \(row.reason ?? "no reason")")
                }
                if isChanged { continue }
                // A run again has outcomes of other tries: only the rules apply.
                let isFirst = row.maxTries - lostCount(row.instance) == task.retries
                var expected = IdealOutcome.finalStates(
                    task, named: IdealOutcome.name(row.instance), dag: run.dag.rawValue, run: run.runID,
                    upstream: upstream, countsTries: isFirst)
                if skippers { expected.insert(.skipped) }
                // Nothing to map over: the lists themselves are judged in tests of their own.
                if task.isMapped, !isMapped { expected.formUnion([.skipped, .upstreamFailed, .failed]) }
                let lostTooOften = row.lostCount >= configuration.maximumLostInARow
                guard expected.contains(row.state) || lostTooOften else {
                    throw violation("\(row.instance) of \(run.runID) ended \(row.state.rawValue), expected \(expected)")
                }
            }
            guard !instances.isEmpty else { throw violation("task \(task.id) of \(run.runID) has no row") }
        }
        let isLeaf = { (task: TaskSpec) in !dag.tasks.contains { $0.upstream.contains(task.id) } }
        let failed = dag.tasks.contains { task in
            isLeaf(task) && (states[task.id] ?? []).contains { $0 == .failed || $0 == .upstreamFailed }
        }
        guard run.state == (failed ? .failed : .success) else {
            throw violation("run \(run.runID) ended \(run.state.rawValue) though its leaves say otherwise")
        }
    }

    private func lostCount(_ key: TaskInstanceKey) -> Int {
        tables.pastAttempts.values.filter { $0.start.instance == key && $0.completion.state == .lost }.count
    }

    /// Every instant up to now is accounted for, once.
    private func judgeLedger(_ dag: DAG) throws {
        guard dag.timetable.isTimeBased, let rows = tables.due[dag.id], let first = rows.first else { return }
        var instants = 0
        var due = dag.timetable.next(after: first.first - .microseconds(1), bounds: dag.bounds)
        while let next = due, next.due <= now {
            instants += 1
            if rows.contains(where: { $0.first <= next.due && next.due <= $0.last && $0.fate.hasRun }) {
                guard !tables.findRuns(dag: dag.id, dates: [next.logicalDate]).isEmpty else {
                    throw violation("\(dag.id) \(next.due.iso8601) is said to have run and has no run")
                }
            }
            due = dag.timetable.next(after: next.due, bounds: dag.bounds)
        }
        let accounted = rows.reduce(0) { $0 + $1.count }
        guard accounted == instants else {
            throw violation("\(dag.id) had \(instants) instants, its ledger has \(accounted)")
        }
    }
}

extension DueFate {
    var hasRun: Bool { self == .ran || self == .caughtUp || self == .backfilled }
}
