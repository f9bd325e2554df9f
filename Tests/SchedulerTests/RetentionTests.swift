import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import Logging
import RunStore
import Scheduler
import SchedulerCore
import Testing

@Suite("Retention by the leader", .timeLimit(.minutes(1))) struct RetentionTests {
    @Test("forgets old runs in small batches, their logs with them, and keeps the newest of each outcome")
    func forgets() async throws {
        let folder =
            FileManager.default.temporaryDirectory.path + "/cryptoflow-retention-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logs = TaskLogDirectory(root: folder)
        let store = InMemoryRunStore()
        let log = CommitLog()
        let executor = ScriptedExecutor { launch in
            let name = launch.run.runID
            TaskLog(path: logs.path(of: launch)).info(name)
            return AttemptEnd(attempt: launch.attempt, state: name < "r3" ? .failed : .success)
        }
        var settings = SchedulerSettings()
        settings.retention.runsFor = .microseconds(1)
        settings.retention.logsFor = nil
        settings.retention.batch = 2
        settings.retention.interval = .milliseconds(200)
        settings.retention.pause = .milliseconds(1)
        var record = Fixture.dag("old", tasks: [Fixture.task("a")])
        var dag = record.dag
        dag.maxActiveRuns = 1
        record = DAGRecord(dag: dag, version: record.version, sourceText: "")
        let service = SchedulerService(
            store: store, executor: executor, spawns: SpawnRecords(), documents: FixedDocuments(records: [record]),
            logs: logs, holder: Fixture.holder, isHolderDead: { _ in false }, settings: settings, observer: log,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await Fixture.leading(service) {
            for index in 0..<9 {
                _ = try await store.submit(
                    .trigger(dag: DAGID("old"), runID: "r\(index)", logicalDate: nil, conf: .object([:])),
                    actor: "test", idempotencyKey: nil)
            }
            await log.wait { changes in
                changes.count { if case .deleteRun = $0 { true } else { false } } >= 7
            }
        }
        let left = try await store.runs(RunQuery(dag: DAGID("old"))).runs.map(\.runID)
        #expect(left.sorted() == ["r2", "r8"])
        let deleted = log.batches.map { changes in
            changes.count { if case .deleteRun = $0 { true } else { false } }
        }
        #expect((deleted.max() ?? 0) <= 2)
    }
}
