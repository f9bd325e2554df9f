import CivilTime
import DAGModel
import Execution
import Synchronization
import Testing
import Timetables

@Suite("Instances of a mapped task", .timeLimit(.minutes(1))) struct MappedTaskTests {
    private func launch(_ index: Int, expand: [String: Argument], order: [String], name: String? = nil) -> AttemptLaunch
    {
        let place = SourcePlace(file: "a.yaml", line: 1, column: 1)
        var task = TaskSpec(id: TaskID("each"), place: place, body: .uses("test"))
        task.arguments = ["same": "s"].mapValues { .value($0) }
        task.expand = expand
        task.expandOrder = order
        task.mapIndexTemplate = name
        var source = TaskSpec(id: TaskID("source"), place: place, body: .uses("test"))
        source.expand = ["x": .value([1, 2])]
        let dag = DAG(
            id: DAGID("d"), place: place, timetable: .null, bounds: .none,
            tasks: [TaskSpec(id: TaskID("list"), place: place, body: .uses("test")), source, task])
        let run = RunFacts(
            key: RunKey(rawValue: 1), runID: "manual__1", type: .manual, logicalDate: nil, interval: nil,
            runAfter: .epoch, startDate: nil, conf: .object([:]), events: nil)
        return AttemptLaunch(
            attempt: AttemptID(rawValue: 1), epoch: 1, dag: dag, task: task, run: run, mapIndex: index, tryNumber: 1,
            maxTries: 0)
    }

    private func arguments(
        of launch: AttemptLaunch, failing failure: TaskFailure? = nil
    ) async throws -> ([String: JSONValue], AttemptEnd) {
        let workshop = try Workshop()
        let seen = Mutex<[String: JSONValue]>([:])
        let readings = Readings(outputs: ["list.return_value": ["a", "b"], "source.return_value": ["p", "q"]])
        let executor = workshop.executor(readings: readings) { arguments in
            seen.withLock { $0 = arguments }
            return ClosureOperator { _ in
                if let failure { throw failure }
                return TaskResult()
            }
        }
        let end = await executor.run(launch)
        return (seen.withLock { $0 }, end)
    }

    @Test("get one combination each, the last argument fastest")
    func combinations() async throws {
        let expand: [String: Argument] = [
            "slow": .output(task: TaskID("list"), key: nil), "fast": .value(["k": 1, "l": 2]),
        ]
        var seen: [[String: JSONValue]] = []
        for index in 0..<4 {
            seen.append(try await arguments(of: launch(index, expand: expand, order: ["slow", "fast"])).0)
        }
        #expect(seen.map { $0["slow"] } == ["a", "a", "b", "b"])
        #expect(seen.map { $0["fast"] } == [["k", 1], ["l", 2], ["k", 1], ["l", 2]])
        #expect(seen.allSatisfy { $0["same"] == "s" })
    }

    @Test("read a mapped task's outputs as a list, and are named by their template")
    func outputs() async throws {
        let launch = launch(
            1, expand: ["x": .output(task: TaskID("source"), key: nil)], order: ["x"], name: "item {{ params.x }}")
        let (arguments, end) = try await arguments(of: launch)
        #expect(arguments["x"] == "q")
        #expect(end.mapName == "item q")
    }

    @Test("are named by their template although they fail")
    func nameOfFailed() async throws {
        let launch = launch(1, expand: ["x": .value(["p", "q"])], order: ["x"], name: "item {{ params.x }}")
        let (_, end) = try await arguments(of: launch, failing: TaskFailure("no"))
        #expect(end.state == .failed)
        #expect(end.mapName == "item q")
    }

    @Test("fail for good when their lists have become shorter, and take nobody else's elements")
    func shorter() async throws {
        let expand: [String: Argument] = ["slow": .value(["a", "b"]), "fast": .value([1, 2])]
        let last = try await arguments(of: launch(3, expand: expand, order: ["slow", "fast"]))
        #expect(last.0["slow"] == "b" && last.0["fast"] == 2)
        let (seen, end) = try await arguments(of: launch(4, expand: expand, order: ["slow", "fast"]))
        #expect(seen.isEmpty)
        #expect(end.state == .failed && !end.isRetryable)
        #expect(end.reason?.contains("there is no instance 4: the lists have fewer elements now") == true, "\(end)")
    }

    @Test("fail for good when their list has become empty")
    func empty() async throws {
        let (_, end) = try await arguments(of: launch(0, expand: ["x": .value([])], order: ["x"]))
        #expect(end.state == .failed && !end.isRetryable)
    }
}
