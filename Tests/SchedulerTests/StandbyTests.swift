import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import Scheduler
import SchedulerCore
import Testing

@Suite("A standby of another machine", .timeLimit(.minutes(1))) struct StandbyTests {
    private static let elsewhere = LeaseHolder(host: "elsewhere", pid: 7, bootID: "boot", startTicks: 7)

    private static func service(
        _ store: InMemoryRunStore, _ records: [DAGRecord], _ log: CommitLog, settings: SchedulerSettings
    ) -> SchedulerService {
        SchedulerService(
            store: store, executor: ScriptedExecutor(), spawns: SpawnRecords(),
            documents: FixedDocuments(records: records), holder: Fixture.holder, isHolderDead: { _ in false },
            settings: settings, observer: log, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Lets a leader elsewhere start a try and fall silent, then a standby take over.
    ///
    /// - Returns: how the try ended when `count` runs had ended; nil while nobody has said.
    private static func takeOver(grace: Duration, waitingForEnds count: Int) async throws -> AttemptState? {
        let store = InMemoryRunStore()
        let log = CommitLog()
        var settings = SchedulerSettings()
        settings.leaseTTL = .milliseconds(500)
        settings.foreignGrace = grace
        let record = Fixture.dag("d", tasks: [Fixture.task("a")])
        let other = Fixture.dag("other", tasks: [Fixture.task("a")])
        let lease = try #require(
            try await store.acquireLease(holder: Self.elsewhere, ttl: settings.leaseTTL, provenDead: nil))
        let run = RunRecord(
            key: RunKey(rawValue: 1 << 32 | 1), dag: record.dag.id, runID: "r", type: .manual, state: .running,
            logicalDate: nil, interval: nil, runAfter: .now(), queuedAt: .now(), startDate: .now(),
            version: record.version, conf: .object([:]), triggeredBy: "test")
        let attempt = AttemptID(rawValue: 1 << 32 | 2)
        let start = AttemptStart(
            attempt: attempt, instance: TaskInstanceKey(run: run.key, task: TaskID("a")), tryNumber: 1, maxTries: 0,
            queuedAt: .now(), startedAt: .now(), pool: "default_pool", poolSlots: 1)
        try await store.commit(
            CommitBatch(
                epoch: lease.epoch, number: 1,
                changes: [
                    .insertDAG(record, paused: false), .insertDAG(other, paused: false), .insertRun(run),
                    .startAttempt(start),
                ], processes: [:]))
        try await Fixture.leading(Self.service(store, [record, other], log, settings: settings)) {
            try await Fixture.trigger("other", on: store)
            await log.waitForEnds(of: count)
        }
        let ends = log.changes.compactMap { change -> AttemptState? in
            if case .endAttempt(let end) = change, end.attempt == attempt { return end.state }
            return nil
        }
        #expect(ends.count <= 1)
        return ends.first
    }

    @Test("leads once the lease is over, and leaves what its leader ran alone for as long as that may go on")
    func grace() async throws {
        #expect(try await Self.takeOver(grace: .seconds(3_600), waitingForEnds: 1) == nil)
    }

    @Test("then declares it lost, and does it again")
    func afterwards() async throws {
        #expect(try await Self.takeOver(grace: .milliseconds(10), waitingForEnds: 2) == .lost)
    }
}
