import DAGModel
import FoundationEssentials
import Testing

@Suite("Tasks as stored") struct StoredTaskTests {
    /// As versions up to 0.1 wrote them, with sorted keys: versions are in databases for years.
    private let plain = """
        {"arguments":{"bash_command":{"template":{"_0":": {{ ds }}"}}},"body":{"uses":{"_0":"shell"}},\
        "dependsOnPast":false,"executionTimeout":[32,9704189641294348288],"expand":{},"id":"extract","inertAttributes":{},\
        "inlets":[],"outlets":[],"params":{},"place":{"column":5,"file":"a.yaml","line":21},"pool":"default_pool",\
        "poolSlots":1,"priorityWeight":1,"queue":"default","retries":2,"retryBackoff":1,\
        "retryDelay":[1,11553255926290448384],"triggerRule":"all_success","upstream":["before"],\
        "waitForDownstream":false,"weightRule":"downstream"}
        """

    private let full = """
        {"arguments":{},"body":{"run":{}},"callbacks":[],"dependsOnPast":true,"docMD":"doc","expand":{"a":{"output":{"task":"t"}}},\
        "expandOrder":["a"],"failsRun":true,"group":"g","id":"extract","inertAttributes":{"x":1},"inlets":["i"],\
        "mapIndexTemplate":"m","maxActivePerDAG":3,"maxActivePerRun":2,"maxRetryDelay":[1,11553255926290448384],\
        "outlets":["o"],"owner":"me","params":{"p":true},"place":{"column":5,"file":"a.yaml","line":21},"pool":"wide",\
        "poolSlots":2,"priorityWeight":7,"queue":"q","retries":0,"retryBackoff":2,\
        "retryDelay":[1,11553255926290448384],"retryNotOn":{"exitCodes":[1],"kinds":[]},\
        "retryOn":{"exitCodes":[2],"kinds":["timeout"]},"role":"teardown","triggerRule":"all_done","upstream":[],\
        "waitForDownstream":true,"weightRule":"absolute"}
        """

    private func decode(_ text: String) throws -> TaskSpec {
        try JSONDecoder().decode(TaskSpec.self, from: Data(text.utf8))
    }

    @Test("are read and written as before, the rare attributes beside the others")
    func unchanged() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for text in [plain, full] {
            #expect(String(decoding: try encoder.encode(try decode(text)), as: UTF8.self) == text)
        }
        let task = try decode(full)
        #expect(task.owner == "me" && task.isMapped && task.isTeardown && task.retryOn?.exitCodes == [2])
        #expect(task.maxRetryDelay == .seconds(30) && task.params == ["p": true] && task.callbacks == [])
    }

    @Test("a task that takes back what it said is equal to one that never said it")
    func takenBack() throws {
        let plain = try decode(plain)
        var task = plain
        task.owner = "me"
        task.outlets = ["o"]
        #expect(task != plain && task.owner == "me" && task.outlets == ["o"])
        var other = task
        other.owner = "you"
        #expect(task.owner == "me")
        task.owner = nil
        task.outlets = []
        #expect(task == plain && Set([task, plain]).count == 1)
    }
}
