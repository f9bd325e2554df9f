import DAGModel
import RunStore
import Testing

@testable import Commands

@Suite("dag test with one task") struct TestOneTaskTests {
    private func dag(expand: [String: DAGModel.Argument]) throws -> DAG {
        var definition = try Samples.dag("candles").definition
        definition.tasks[1].expand = expand
        return definition
    }

    @Test("keeps the task alone, also when it is mapped over what the document says")
    func alone() throws {
        let lists: [String: DAGModel.Argument] = [
            "a": .value([1, 2]), "b": .list([.output(task: TaskID("fetch"), key: nil)]),
        ]
        let tested = try DAGTest.only("load", of: try dag(expand: lists))
        #expect(tested.tasks.map(\.id.rawValue) == ["load"])
        #expect(tested.tasks.first?.upstream == [])
    }

    @Test("refuses a task that is mapped over the output of one that does not run")
    func mapped() throws {
        let dag = try dag(expand: ["a": .output(task: TaskID("fetch"), key: nil)])
        let failure = #expect(throws: CommandFailure.self) { try DAGTest.only("load", of: dag) }
        #expect(failure?.message.contains("mapped over the output of task \"fetch\"") == true)
        #expect(failure?.nextStep?.contains("whole DAG") == true)
        #expect(throws: CommandFailure.self) { try DAGTest.only("lod", of: dag) }
    }
}
