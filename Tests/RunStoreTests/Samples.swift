import CivilTime
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Timetables

/// Rows to write, at fixed times.
enum Sample {
    static let start = Timestamp(seconds: 1_767_225_600)  // 2026-01-01

    static func hour(_ number: Int) -> Timestamp { start + .seconds(3600 * number) }

    static func dag(_ id: String = "prices", tasks: [String] = ["fetch", "load"], text: String = "v1") throws
        -> DAGRecord
    {
        var dag = DAG(
            id: DAGID(id), place: SourcePlace(file: "\(id).yaml", line: 1, column: 1),
            timetable: try .cron(parsing: "0 * * * *"), bounds: ScheduleBounds(start: start),
            tasks: tasks.map { name in
                TaskSpec(
                    id: TaskID(name), place: SourcePlace(file: "\(id).yaml", line: 5, column: 3), body: .uses("empty"))
            })
        dag.tags = ["market", "a, \"quoted\" tag"]
        dag.summary = "Says 100 % “everything”"
        dag.catchup = true
        dag.maxConsecutiveFailedRuns = 3
        return DAGRecord(
            dag: dag, version: DAGVersionID(rawValue: "\(id)-\(text)"), sourceText: "dag_id: \(id) # \(text)")
    }

    static func run(
        _ number: Int64, epoch: Int64, dag: String = "prices", type: RunType = .scheduled, state: RunState = .running,
        dated: Bool = true, version: String = "v1"
    ) -> RunRecord {
        let date = hour(Int(number))
        return RunRecord(
            key: RunKey(rawValue: epoch << 32 | number), dag: DAGID(dag), runID: "\(type.rawValue)__\(number)",
            type: type,
            state: state, logicalDate: dated ? date : nil,
            interval: dated ? DataInterval(start: date, end: date + .seconds(3600)) : nil,
            runAfter: date + .seconds(3600),
            queuedAt: date + .seconds(3600), startDate: state == .queued ? nil : date + .seconds(3601),
            version: DAGVersionID(rawValue: "\(dag)-\(version)"), conf: ["zero": "a\u{0}b", "n": 1], triggeredBy: "test"
        )
    }

    static func attempt(
        _ number: Int64, of run: RunRecord, task: String = "fetch", tryNumber: Int = 1
    ) -> AttemptStart {
        AttemptStart(
            attempt: AttemptID(rawValue: (run.key.rawValue >> 32) << 32 | number),
            instance: TaskInstanceKey(run: run.key, task: TaskID(task)), tryNumber: tryNumber, maxTries: 1,
            queuedAt: hour(50), startedAt: hour(50) + .milliseconds(5), pool: "default_pool", poolSlots: 1)
    }

    static func end(
        _ start: AttemptStart, _ state: AttemptState = .success, reason: String? = nil, exitCode: Int32? = nil
    ) -> AttemptCompletion {
        AttemptCompletion(
            attempt: start.attempt, state: state, endedAt: hour(51), reason: reason, exitCode: exitCode)
    }

    static func task(
        _ start: AttemptStart, _ state: TaskState, reason: String? = nil, retryAt: Timestamp? = nil
    ) -> TaskInstanceRecord {
        TaskInstanceRecord(
            instance: start.instance, state: state, tryNumber: start.tryNumber, maxTries: start.maxTries,
            startDate: start.startedAt, endDate: hour(51), retryAt: retryAt, reason: reason)
    }
}

/// Commits one batch after the other under an epoch.
struct Writer {
    let store: any RunStore
    let epoch: Int64
    private var number: Int64 = 0

    init(_ store: any RunStore, epoch: Int64) {
        self.store = store
        self.epoch = epoch
    }

    mutating func commit(_ changes: Change...) async throws { try await commit(changes) }

    mutating func commit(_ changes: [Change], processes: [AttemptID: ProcessRecord] = [:]) async throws {
        number += 1
        try await store.commit(CommitBatch(epoch: epoch, number: number, changes: changes, processes: processes))
    }
}
