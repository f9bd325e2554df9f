import CivilTime
import DAGModel
import Timetables

extension SchedulerCore {
    mutating func take(_ pending: PendingCommand, conflicts: [RunRecord]) {
        let outcome: CommandOutcome =
            switch pending.command {
            case .trigger(let dag, let runID, let date, let conf):
                trigger(dag, runID: runID, date: date, conf: conf, actor: pending.actor, conflicts: conflicts)
            case .backfill(let dag, let from, let to, let reprocess, let maxActive, let conf):
                makeBackfill(dag, from, to, reprocess, maxActive: maxActive, conf: conf, actor: pending.actor)
            case .cancelRun(let dag, let runID):
                cancelRun(dag, runID)
            case .setBackfillState(let id, let state):
                setBackfillState(id, state)
            case .clear, .markTask, .markRun, .deleteRun, .prune:
                CommandOutcome.refused("the runs it is about were not handed over: ask again")
            }
        decision.changes.append(.finishCommand(pending.id, outcome))
    }

    private mutating func trigger(
        _ id: DAGID, runID: String?, date: Timestamp?, conf: JSONValue, actor: String, conflicts: [RunRecord]
    ) -> CommandOutcome {
        guard let graph = dags[id]?.graph else { return .refused(unknown(id)) }
        if let runID, let type = RunType(ofRunID: runID), type != .manual {
            return .refused(
                "run id \"\(runID)\" looks like one that the scheduler makes (\(type.rawValue)__…): choose another")
        }
        let standing =
            conflicts.first
            ?? runs.values.first { run in
                run.record.dag == id
                    && (run.record.runID == runID || (date != nil && run.record.logicalDate == date))
            }?.record
        if let standing {
            return .refused(
                "DAG \"\(id)\" already has run \"\(standing.runID)\" (\(standing.state.rawValue)) for "
                    + (standing.runID == runID ? "that run id" : "logical date \(date?.iso8601 ?? "")"))
        }
        if let problem = confProblem(graph.dag, conf) { return .refused(problem) }
        let key = RunKey(rawValue: nextNumber())
        let due = date.map { graph.dag.timetable.manual(runAfter: $0, bounds: graph.dag.bounds) }
        let record = RunRecord(
            key: key, dag: id, runID: runID ?? "\(RunType.manual.runID(at: date ?? now))_\(key)", type: .manual,
            state: .queued, logicalDate: date, interval: due?.interval, runAfter: date ?? now, queuedAt: now,
            version: graph.version, conf: conf, triggeredBy: actor)
        makeRun(record, graph)
        startQueuedRuns(id)
        return .run(dag: id, runID: record.runID, key: key)
    }

    /// What is wrong with a run's conf by the schemas of the DAG's `params`; nil when nothing is.
    func confProblem(_ dag: DAG, _ conf: JSONValue) -> String? {
        DeclaredParameter.problem(of: conf, for: dag)
    }

    private mutating func cancelRun(_ dag: DAGID, _ runID: String) -> CommandOutcome {
        guard let run = runs.values.first(where: { $0.record.dag == dag && $0.record.runID == runID }) else {
            return .refused("DAG \"\(dag)\" has no active run \"\(runID)\"")
        }
        stop(run.record.key, reason: "cancelled")
        return .run(dag: dag, runID: runID, key: run.record.key)
    }

    func unknown(_ id: DAGID) -> String {
        if dags[id] != nil {
            return "the document of DAG \"\(id)\" is gone or broken: see `cryptoflow dag list`"
        }
        let known = dags.values.filter { $0.graph != nil }.map(\.id.rawValue).sorted()
        let names = known.isEmpty ? "no DAG is loaded" : "there are: " + known.prefix(20).joined(separator: ", ")
        return "there is no DAG \"\(id)\" (\(names))"
    }
}
