import CivilTime
import DAGModel
import SchedulerCore
import Simulation
import Testing
import Timetables

@Suite("Decision queue") struct DecisionQueueTests {
    private static func record(_ id: String, tasks: Int) -> DAGRecord {
        var dag = DAG(
            id: DAGID(id), place: SourcePlace(file: "\(id).yaml", line: 1, column: 1), timetable: .null, bounds: .none,
            tasks: (0..<tasks).map { Stage.task("t\($0)") })
        dag.isPausedUponCreation = false
        dag.maxActiveTasks = tasks
        return RandomDAGs.record(dag, text: 1)
    }

    private static func trigger(_ id: String) -> SchedulerEvent {
        let command = Command.trigger(dag: DAGID(id), runID: "r", logicalDate: nil, conf: .object([:]))
        return .command(PendingCommand(id: id == "wide" ? 1 : 2, command: command, actor: "test"), conflicts: [])
    }

    @Test("starts many tasks a few at a time, and lets in what comes meanwhile")
    func cutShort() {
        let now = RandomDAGs.start
        var configuration = CoreConfiguration()
        configuration.parallelism = 1_000
        configuration.startsPerDecision = 10
        var queue = DecisionQueue(
            core: SchedulerCore(configuration: configuration, epoch: 1, snapshot: Snapshot(), now: now))
        var urgent = Self.record("urgent", tasks: 1)
        var dag = urgent.dag
        dag.tasks[0].priorityWeight = 5
        urgent = RandomDAGs.record(dag, text: 1)
        queue.take(.documents(loaded: [Self.record("wide", tasks: 100), urgent], removed: []), now: now)
        queue.take(Self.trigger("wide"), now: now)
        var started: [String] = []
        var largest = 0
        func commit() {
            _ = queue.nextBatch(limit: 12, now: now)
            let starts = queue.committed().compactMap { action -> AttemptStart? in
                if case .start(let start) = action { start } else { nil }
            }
            largest = max(largest, starts.count)
            started += starts.map(\.instance.task.rawValue)
        }
        commit()
        commit()
        #expect((1...30).contains(started.count), "\(started.count)")
        queue.take(Self.trigger("urgent"), now: now)
        let before = started.count
        while !queue.isSettled { commit() }
        #expect(largest <= 20)
        #expect(started.count == 101 && !queue.hasDecisions)
        // The urgent one did not wait for the other 70.
        #expect(started.dropFirst(before).prefix(20).filter { $0 == "t0" }.count == 1)
    }

    @Test("batches follow one another while none is answered, and each gives its own actions")
    func ahead() {
        let now = RandomDAGs.start
        var queue = DecisionQueue(
            core: SchedulerCore(configuration: CoreConfiguration(), epoch: 1, snapshot: Snapshot(), now: now))
        queue.take(.documents(loaded: [Self.record("wide", tasks: 3)], removed: []), now: now)
        queue.take(Self.trigger("wide"), now: now)
        // Nothing to write, and then more than a batch holds: both are in one, or the order of the actions would be lost.
        queue.record([])
        queue.record([Change](repeating: .finishCommand(9, .done), count: 5))
        let first = queue.nextBatch(limit: 1, now: now)
        let second = queue.nextBatch(limit: 1, now: now)
        let third = queue.nextBatch(limit: 1, now: now)
        #expect(!first.isEmpty && !second.isEmpty && third.count == 5)
        #expect(!queue.hasDecisions && !queue.isSettled && queue.question == nil)
        #expect(queue.committed().isEmpty)
        #expect(queue.committed().count == 3)
        #expect(queue.committed().isEmpty && queue.isSettled)
    }
}
