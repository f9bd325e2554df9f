import CivilTime
import DAGModel
import Timetables

extension SchedulerCore {
    mutating func take(_ pending: PendingCommand, conflicts: [RunRecord]) {
        let outcome: CommandOutcome =
            switch pending.command {
            case .trigger(let dag, let runID, let date, let conf, let runAfter):
                trigger(
                    dag, runID: runID, date: date, runAfter: runAfter, conf: conf, actor: pending.actor,
                    conflicts: conflicts)
            case .backfill(let dag, let from, let to, let reprocess, let maxActive, let conf, let backwards):
                makeBackfill(
                    dag, from, to, reprocess, maxActive: maxActive, conf: conf, backwards: backwards ?? false,
                    actor: pending.actor)
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
        _ id: DAGID, runID: String?, date: Timestamp?, runAfter: Timestamp?, conf: JSONValue, actor: String,
        conflicts: [RunRecord]
    ) -> CommandOutcome {
        guard let graph = dags[id]?.graph else { return .refused(unknown(id)) }
        if let runID, let problem = RunIDRule.problem(of: runID) { return .refused(problem) }
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
        if let problem = DeclaredParameter.problem(of: conf, for: graph.dag) { return .refused(problem) }
        let key = RunKey(rawValue: nextNumber())
        let due = date.map { graph.dag.timetable.manual(runAfter: $0, bounds: graph.dag.bounds) }
        let record = RunRecord(
            key: key, dag: id, runID: runID ?? "\(RunType.manual.runID(at: date ?? now))_\(key)", type: .manual,
            state: .queued, logicalDate: date, interval: due?.interval, runAfter: runAfter ?? date ?? now,
            queuedAt: now,
            version: graph.version, conf: conf, triggeredBy: actor)
        makeRun(record, graph)
        startQueuedRuns(id)
        return .run(dag: id, runID: record.runID, key: key)
    }

    /// Why a run that somebody cancelled has failed.
    static let cancelReason = "cancelled"

    private mutating func cancelRun(_ dag: DAGID, _ runID: String) -> CommandOutcome {
        guard let run = runs.values.first(where: { $0.record.dag == dag && $0.record.runID == runID }) else {
            return .refused("DAG \"\(dag)\" has no active run \"\(runID)\"")
        }
        if run.stopReason == nil {
            stop(run.record.key, reason: Self.cancelReason)
        } else {
            stopTeardowns(of: run.record.key, reason: "cancelled once more")
        }
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
