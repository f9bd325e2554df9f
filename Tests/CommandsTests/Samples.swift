import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// Records for tests.
enum Samples {
    static func time(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .epoch }

    static func dag(
        _ id: String, cron: String? = "0 * * * *", isPaused: Bool = false, lastDue: String = "2026-11-21T10:00:00Z"
    ) throws -> DAGDetail {
        let timetable = try cron.map { try Timetable.cron(parsing: $0) } ?? .null
        var fetch = TaskSpec(
            id: TaskID("fetch"), place: SourcePlace(file: "\(id).yaml", line: 5, column: 5), body: .uses("bash"))
        fetch.retries = 2
        var load = TaskSpec(
            id: TaskID("load"), place: SourcePlace(file: "\(id).yaml", line: 9, column: 5), body: .uses("sql"))
        load.upstream = [fetch.id]
        load.outlets = ["bronze.candles"]
        let definition = DAG(
            id: DAGID(id), place: SourcePlace(file: "\(id).yaml", line: 1, column: 1), timetable: timetable,
            bounds: ScheduleBounds(start: time("2026-01-01")), tasks: [fetch, load])
        let summary = DAGSummary(
            id: definition.id, displayName: nil, summary: "Candles", owner: "team", tags: ["market"],
            isPaused: isPaused,
            isActive: true, file: "\(id).yaml", version: DAGVersionID(rawValue: "abc123"), versionNumber: 2,
            taskCount: 2,
            timetable: timetable, bounds: definition.bounds, catchup: false, firstSeen: time("2026-11-01"),
            lastRuns: [run(id, "scheduled__1", .success)],
            lastDue: DueRecord(
                dag: definition.id, first: time("2026-11-21T09:00:00Z"), last: time(lastDue), count: 2,
                fate: .ran), activeRuns: 0)
        return DAGDetail(summary: summary, definition: definition, sourceText: "dag_id: \(id)\n", versions: [])
    }

    /// The same DAG with another definition.
    static func detail(_ dag: DAGDetail, _ definition: DAG) -> DAGDetail {
        DAGDetail(
            summary: dag.summary, definition: definition, sourceText: dag.sourceText, versions: dag.versions)
    }

    static func run(_ dag: String, _ runID: String, _ state: RunState, key: Int64 = 1, backfill: Int64? = nil)
        -> RunRecord
    {
        RunRecord(
            key: RunKey(rawValue: key), dag: DAGID(dag), runID: runID, type: .manual, state: state,
            logicalDate: time("2026-11-21T09:00:00Z"),
            interval: DataInterval(start: time("2026-11-21T09:00:00Z"), end: time("2026-11-21T10:00:00Z")),
            runAfter: time("2026-11-21T10:00:00Z") + .seconds(key), queuedAt: time("2026-11-21T10:00:00Z"),
            startDate: state == .queued ? nil : time("2026-11-21T10:00:01Z"),
            endDate: state.isFinished ? time("2026-11-21T10:00:13.5Z") : nil, version: DAGVersionID(rawValue: "abc123"),
            backfill: backfill.map { BackfillID(rawValue: $0) }, triggeredBy: "tester")
    }

    static func task(
        _ id: String, _ state: TaskState, mapIndex: Int = -1, tries: [AttemptState] = [], reason: String? = nil
    ) -> TaskStatus {
        let attempts = tries.enumerated().map { index, state in
            AttemptSummary(
                attempt: AttemptID(rawValue: Int64(index + 1)), tryNumber: index + 1, maxTries: 3, state: state,
                queuedAt: time("2026-11-21T10:00:00Z"), startedAt: time("2026-11-21T10:00:01Z"),
                endedAt: state == .running ? nil : time("2026-11-21T10:00:03Z"),
                reason: state == .failed ? "exit code 3" : nil, exitCode: state == .failed ? 3 : nil,
                pool: "default_pool",
                process: nil)
        }
        return TaskStatus(
            instance: TaskInstanceKey(run: RunKey(rawValue: 1), task: TaskID(id), mapIndex: mapIndex), state: state,
            tryNumber: tries.count, maxTries: 3, startDate: tries.isEmpty ? nil : time("2026-11-21T10:00:01Z"),
            endDate: state.isFinished && !tries.isEmpty ? time("2026-11-21T10:00:03Z") : nil, retryAt: nil,
            reason: reason,
            tries: attempts)
    }

    static func detail(_ dag: String, _ runID: String, _ state: RunState, tasks: [TaskStatus] = []) throws -> RunDetail
    {
        RunDetail(
            run: run(dag, runID, state), definition: try Self.dag(dag).definition, versionNumber: 2, tasks: tasks)
    }

    static func backfill(
        _ id: Int64, _ dag: String, _ state: BackfillState, created: Int, isOver: Bool
    ) -> BackfillRecord {
        BackfillRecord(
            id: BackfillID(rawValue: id), dag: DAGID(dag), from: time("2026-11-01"), to: time("2026-11-02"),
            reprocess: .none, maxActive: 4, conf: .object([:]), state: state, total: 25, created: created, skipped: 1,
            createdAt: time("2026-11-21T10:00:00Z"), endedAt: isOver ? time("2026-11-21T10:05:00Z") : nil,
            triggeredBy: "tester")
    }
}
