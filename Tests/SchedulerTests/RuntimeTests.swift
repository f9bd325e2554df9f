import CivilTime
import DAGModel
import RunStore
import Scheduler
import SchedulerCore
import Testing

@Suite("Runtimes that a scheduler asks for", .timeLimit(.minutes(1))) struct RuntimeTests {
    @Test("are found for each run that is asked for, and kept with it")
    func kept() async throws {
        let store = InMemoryRunStore()
        let log = CommitLog()
        let plain = Fixture.dag("timed", tasks: [Fixture.task("a")])
        var dag = plain.dag
        dag.deadlines = [
            Deadline(reference: .averageRuntime(maximumRuns: 5, minimumRuns: 2), interval: .seconds(3_600))
        ]
        let record = DAGRecord(dag: dag, version: plain.version, sourceText: "")
        try await Fixture.leading(Fixture.service(store, [record], log)) {
            for number in 1...3 {
                try await Fixture.trigger("timed", on: store)
                await log.waitForEnds(of: number)
            }
        }
        let runs = try await store.runs(RunQuery(dag: DAGID("timed"))).runs.sorted { $0.key < $1.key }
        let took = runs.map { run in run.startDate.flatMap { start in run.endDate.map { $0 - start } } ?? .zero }
        #expect(
            runs.map(\.averageRuntimes)
                == (0..<3).map { number in
                    [
                        AverageRuntime(
                            position: 0, durations: took.prefix(number).reversed(), maximumRuns: 5, minimumRuns: 2)
                    ]
                })
        #expect(runs.last?.averageRuntimes.first?.average != nil)
    }
}
