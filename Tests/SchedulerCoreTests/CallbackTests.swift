import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Testing

@Suite("Callbacks") struct CallbackTests {
    private func dag(retries: Int = 0, _ events: [CallbackEvent] = CallbackEvent.allCases) -> DAG {
        var task = Stage.task("t")
        task.retries = retries
        task.callbacks = events.map { Callback(event: $0, notifier: "webhook") }
        var dag = Stage.dag(task)
        dag.callbacks = [CallbackEvent.success, .failure].map { Callback(event: $0, notifier: "slack") }
        return dag
    }

    @Test("tell what became of each try, and of the run")
    func events() throws {
        var stage = try Stage(dag(retries: 1))
        try stage.trigger()
        try stage.end("t", .failed, reason: "no answer")
        try stage.pass(.seconds(3_600))
        try stage.end("t", .failed, reason: "no answer again")
        #expect(stage.notices.map(\.callback.event) == [.execute, .retry, .execute, .failure, .failure])
        #expect(stage.notices.map(\.tryNumber) == [1, 1, 2, 2, 2])
        #expect(stage.notices.map(\.isOfDAG) == [false, false, false, false, true])
        #expect(stage.notices[3].reason == "no answer again")
        #expect(stage.notices[4].task?.task == TaskID("t"))
        #expect(stage.notices[4].reason == "task \"t\" failed")
    }

    @Test("tell of a success and of a skip by the task itself")
    func others() throws {
        for (state, expected) in [(AttemptState.success, CallbackEvent.success), (.skipped, .skipped)] {
            var stage = try Stage(dag())
            try stage.trigger()
            try stage.end("t", state)
            #expect(stage.notices.map(\.callback.event) == [.execute, expected, .success])
        }
    }

    @Test("are silent about what somebody does by hand, and about tasks that never ran")
    func silence() throws {
        var below = dag()
        below.tasks.append(Stage.task("below", needs: ["t"]))
        below.tasks[1].callbacks = CallbackEvent.allCases.map { Callback(event: $0, notifier: "email") }
        below.callbacks = nil
        var stage = try Stage(below)
        try stage.trigger()
        try stage.command(
            .markTask(
                dag: DAGID("d"), runID: "r", task: TaskID("t"), mapIndex: nil, state: .failed, dryRun: false))
        let attempt = try #require(stage.stopped.first)
        try stage.take(.attemptEnded(AttemptEnd(attempt: attempt, state: .failed, reason: "stopped")))
        #expect(stage.state("below") == .upstreamFailed)
        #expect(stage.notices.map(\.callback.event) == [.execute])

        stage = try Stage(dag())
        try stage.trigger()
        try stage.command(.cancelRun(dag: DAGID("d"), runID: "r"))
        try stage.end("t", .failed)
        #expect(stage.run() == .failed)
        #expect(stage.notices.map(\.callback.event) == [.execute])
    }

    @Test("are tried a few times with growing pauses, then given up, and the task knows nothing of it")
    func deliveries() throws {
        var stage = try Stage(dag([.success]))
        try stage.trigger()
        try stage.end("t")
        #expect(stage.run() == .success)
        let first = try #require(stage.notices.first)
        var pauses: [Duration] = []
        for _ in 0..<4 {
            try stage.take(.notified(first.id, .failed("busy", isFinal: false)))
            // A report that comes twice changes nothing.
            try stage.take(.notified(first.id, .failed("again", isFinal: true)))
            let row = try #require(stage.tables.notifications[first.id])
            #expect(row.lastError == "busy")
            let pause = try #require(row.nextAt) - stage.now
            pauses.append(pause)
            let sent = stage.notices.count
            try stage.pass(pause - .seconds(1))
            #expect(stage.notices.count == sent)
            try stage.pass(.seconds(1))
            #expect(stage.notices.count == sent + 1)
        }
        #expect(pauses == [.seconds(15), .seconds(60), .seconds(240), .seconds(900)])
        try stage.take(.notified(first.id, .failed("busy", isFinal: false)))
        #expect(stage.tables.notifications[first.id]?.state == .failed)
        #expect(stage.tables.notifications[first.id]?.endedAt != nil)
        try stage.pass(.seconds(86_400))
        #expect(stage.notices.filter { $0.id == first.id }.count == 5)
        #expect(stage.state("t") == .success)
    }

    @Test("survive the leader: what was not delivered is delivered by the next one, what was is not")
    func crash() throws {
        var stage = try Stage(dag([.execute, .success]))
        try stage.trigger()
        try stage.end("t")
        let ids = stage.notices.map(\.id)
        #expect(ids.count == 3)
        try stage.take(.notified(ids[0], .delivered))
        try stage.take(.notified(ids[1], .failed("busy", isFinal: false)))
        try stage.crash()
        #expect(stage.notices.suffix(from: 3).map(\.id) == [ids[2]])
        try stage.pass(.seconds(15))
        #expect(stage.notices.suffix(from: 4).map(\.id) == [ids[1]])
        try stage.take(.notified(ids[1], .delivered))
        try stage.take(.notified(ids[2], .delivered))
        #expect(stage.tables.notifications.values.allSatisfy { $0.state == .delivered })
    }

    @Test("a run that is deleted takes along what was to be told of it")
    func deleted() throws {
        var stage = try Stage(dag([.success]))
        try stage.trigger()
        try stage.end("t")
        try stage.command(.deleteRun(dag: DAGID("d"), runID: "r"))
        #expect(stage.tables.notifications.isEmpty)
        let sent = stage.notices.count
        try stage.take(.notified(stage.notices[0].id, .failed("late", isFinal: false)))
        try stage.pass(.seconds(3_600))
        #expect(stage.notices.count == sent)
    }
}
