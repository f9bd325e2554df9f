import DAGModel
import Execution
import RunStore
import Scheduler
import SchedulerCore
import Synchronization
import Testing

/// Delivers as a test says, and remembers what it was given.
private final class ScriptedSender: NotificationSender {
    private let body: @Sendable (NotificationRequest) async throws -> Void
    private let seen = Mutex<[NotificationRequest]>([])

    init(_ body: @escaping @Sendable (NotificationRequest) async throws -> Void = { _ in }) { self.body = body }

    func send(_ request: NotificationRequest) async throws {
        seen.withLock { $0.append(request) }
        try await body(request)
    }

    var requests: [NotificationRequest] { seen.withLock { $0 } }
}

@Suite("Notifications of a scheduler", .timeLimit(.minutes(1))) struct NotificationTests {
    private func record() -> DAGRecord {
        var task = Fixture.task("a")
        task.callbacks = [Callback(event: .failure, notifier: "webhook")]
        return Fixture.dag("told", tasks: [task])
    }

    private let failing = ScriptedExecutor { .init(attempt: $0.attempt, state: .failed, reason: "no answer") }

    private static func ended(_ changes: [Change]) -> NotificationRecord? {
        changes.compactMap { change in
            if case .setNotification(let record) = change, record.endedAt != nil { record } else { nil }
        }.last
    }

    @Test("are sent once their cause is committed, with the run's facts, although the run has ended")
    func sent() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let sender = ScriptedSender { request in
            let isCommitted = log.changes.contains { change in
                if case .setNotification(let record) = change { return record.id.rawValue == request.key }
                return false
            }
            if !isCommitted { throw TaskFailure("sent before its commit", isRetryable: false) }
        }
        let service = Fixture.service(store, [record()], log, executor: failing, notifications: sender)
        try await Fixture.leading(service) {
            try await Fixture.trigger("told", on: store)
            await log.wait { Self.ended($0) != nil }
        }
        #expect(Self.ended(log.changes)?.state == .delivered)
        let request = try #require(sender.requests.first)
        #expect(sender.requests.count == 1)
        #expect(request.reason == "no answer")
        #expect(request.task?.task == TaskID("a"))
        #expect(request.dag.id == DAGID("told"))
        let run = try #require(try await store.runs(RunQuery(dag: DAGID("told"))).runs.first)
        #expect(request.run.runID == run.runID)
        let detail = try #require(try await store.run(dag: DAGID("told"), runID: run.runID))
        #expect(detail.notifications.map(\.state) == [.delivered])
    }

    @Test("a delivery that the stop cuts off is made again by the next scheduler")
    func interrupted() async throws {
        let store = InMemoryRunStore()
        let (begun, source) = AsyncStream.makeStream(of: Void.self)
        let hanging = ScriptedSender { _ in
            source.yield()
            let (forever, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in forever {}
            try Task.checkCancellation()
        }
        let first = Fixture.service(store, [record()], CommitLog(), executor: failing, notifications: hanging)
        try await Fixture.leading(first) {
            try await Fixture.trigger("told", on: store)
            for await _ in begun { break }
        }
        let log = CommitLog()
        let sender = ScriptedSender()
        let second = Fixture.service(store, [record()], log, executor: failing, notifications: sender)
        try await Fixture.leading(second) { await log.wait { Self.ended($0) != nil } }
        #expect(sender.requests.map(\.key) == hanging.requests.map(\.key))
        #expect(Self.ended(log.changes)?.deliveries == 1)
    }

    @Test("what cannot be delivered is given up and says why; the task does not notice")
    func refused() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let sender = ScriptedSender { _ in throw TaskFailure("no such channel", isRetryable: false) }
        let service = Fixture.service(store, [record()], log, executor: failing, notifications: sender)
        try await Fixture.leading(service) {
            try await Fixture.trigger("told", on: store)
            await log.wait { Self.ended($0) != nil }
        }
        let ended = try #require(Self.ended(log.changes))
        #expect(ended.state == .failed)
        #expect(ended.lastError == "no such channel")
        #expect(ended.deliveries == 1)
    }
}
