import DAGModel
import Execution
import FoundationEssentials
import RunStore
import Testing

@Suite("task logs", .timeLimit(.minutes(1))) struct TaskLogsTests {
    typealias Harness = CommandLineHarness

    private func withLogs(_ looks: [RunDetail], _ logs: [Int: String], _ body: (FakeHistory) async throws -> Void)
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "logs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = TaskLogDirectory(root: folder.path)
        for (number, text) in logs {
            let path = directory.path(dag: DAGID("candles_1h"), runID: "r1", task: TaskID("fetch"), tryNumber: number)
            try FileManager.default.createDirectory(
                atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        var state = FakeHistory.State()
        state.dags = [try Samples.dag("candles_1h")]
        state.runs["r1"] = looks
        state.logs = directory
        try await body(FakeHistory { $0 = state })
    }

    private func detail(_ state: RunState, _ task: TaskState, _ tries: [AttemptState]) throws -> RunDetail {
        try Samples.detail(
            "candles_1h", "r1", state, tasks: [Samples.task("fetch", task, tries: tries), Samples.task("load", .none)])
    }

    @Test("the last try's log is printed as it is, another on request")
    func plain() async throws {
        try await withLogs(
            [try detail(.success, .success, [.failed, .success])], [1: "first\n", 2: "second, no newline"]
        ) { fake in
            #expect(
                await Harness.run("task", "logs", "candles_1h", "r1", "fetch", history: fake).output
                    == "second, no newline")
            #expect(
                await Harness.run("task", "logs", "candles_1h", "r1", "fetch", "--try", "1", history: fake).output
                    == "first\n")
            let beyond = await Harness.run("task", "logs", "candles_1h", "r1", "fetch", "--try", "3", history: fake)
            #expect(beyond.code == 1)
            #expect(beyond.errors.contains("has no try 3: 2 so far"))
            let json = await Harness.run("task", "logs", "candles_1h", "r1", "fetch", "-o", "json", history: fake).json
            #expect(json["content"] == "second, no newline")
            #expect(json["try_number"] == 2)
        }
    }

    @Test("a followed log begins with the try and ends with it")
    func follow() async throws {
        let looks = [
            try detail(.running, .none, []), try detail(.running, .running, [.running]),
            try detail(.running, .running, [.running]),
            try detail(.running, .success, [.success]),
        ]
        try await withLogs(looks, [1: "one\ntwo\n"]) { fake in
            let outcome = await Harness.run("task", "logs", "candles_1h", "r1", "fetch", "--follow", history: fake)
            #expect(outcome.code == 0)
            #expect(outcome.output == "one\ntwo\n")
            #expect(fake.read { $0.runs["r1"]?.count } == 1)
        }
    }

    @Test("what is not there is named, with what is")
    func unknown() async throws {
        try await withLogs([try detail(.running, .none, [])], [:]) { fake in
            let task = await Harness.run("task", "logs", "candles_1h", "r1", "fetsh", history: fake)
            #expect(task.code == 1)
            #expect(task.errors.contains("Did you mean \"fetch\"?"))
            let early = await Harness.run("task", "logs", "candles_1h", "r1", "fetch", history: fake)
            #expect(early.errors.contains("has not begun: it is none"))
            let mapped = await Harness.run(
                "task", "logs", "candles_1h", "r1", "fetch", "--map-index", "2", history: fake)
            #expect(mapped.errors.contains("It is not mapped"))
        }
    }

    @Test("a try that wrote nothing has no log, which is no failure")
    func silent() async throws {
        try await withLogs([try detail(.success, .success, [.success])], [:]) { fake in
            let outcome = await Harness.run("task", "logs", "candles_1h", "r1", "fetch", history: fake)
            #expect(outcome.code == 0)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("has no log"))
        }
    }
}
