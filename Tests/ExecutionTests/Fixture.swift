import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import Glibc
import Synchronization
import Timetables

/// A folder of its own, removed at the end of the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = "/tmp/cryptoflow-execution-\(UUID().uuidString)"
        guard mkdir(path, 0o755) == 0 else { throw ScratchFailure(code: errno) }
    }

    struct ScratchFailure: Error { let code: Int32 }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String {
        (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
    }
}

/// Remembers what it was told, and lets a test wait for it.
final class Recorded: ProcessRecorder {
    let records: AsyncStream<ProcessRecord>
    private let continuation: AsyncStream<ProcessRecord>.Continuation

    init() {
        (records, continuation) = AsyncStream.makeStream()
    }

    func spawned(_ process: ProcessRecord, for attempt: AttemptID) { continuation.yield(process) }

    func next() async -> ProcessRecord? {
        for await record in records { return record }
        return nil
    }
}

/// Outputs and variables from dictionaries; remembers which variables were asked for.
final class Readings: OutputReader, VariableReader {
    private let outputs: [String: JSONValue]
    private let variables: [String: String]
    let asked = Mutex<[String]>([])

    init(outputs: [String: JSONValue] = [:], variables: [String: String] = [:]) {
        self.outputs = outputs
        self.variables = variables
    }

    func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? {
        let index = instance.mapIndex < 0 ? "" : "[\(instance.mapIndex)]"
        return outputs["\(instance.task)\(index).\(key)"]
    }

    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] {
        outputs["\(task).\(key)"]?.arrayValue ?? []
    }

    func variable(named name: String) async throws -> String? {
        asked.withLock { $0.append(name) }
        return variables[name]
    }
}

/// An operator made of a closure.
struct ClosureOperator: Execution.Operator {
    let body: @Sendable (TaskContext) async throws -> TaskResult

    func execute(_ context: TaskContext) async throws -> TaskResult { try await body(context) }
}

let midnight = Timestamp(seconds: 1_767_225_600)

func launch(
    operator name: String = "test", arguments: [String: Argument] = [:], timeout: Duration? = nil,
    params: [String: JSONValue] = [:], taskParams: [String: JSONValue] = [:], conf: JSONValue = .object([:]),
    attempt: Int64 = 7
) -> AttemptLaunch {
    let place = SourcePlace(file: "a.yaml", line: 1, column: 1)
    var task = TaskSpec(id: TaskID("t"), place: place, body: .uses(name))
    task.arguments = arguments
    task.executionTimeout = timeout
    task.params = taskParams
    var dag = DAG(id: DAGID("d"), place: place, timetable: .null, bounds: .none, tasks: [task])
    dag.params = params
    let run = RunFacts(
        key: RunKey(rawValue: 1), runID: "scheduled__2026-01-01T00:00:00+00:00", type: .scheduled,
        logicalDate: midnight,
        interval: DataInterval(start: midnight, end: midnight + .seconds(3600)), runAfter: midnight,
        startDate: midnight,
        conf: conf, events: nil)
    return AttemptLaunch(
        attempt: AttemptID(rawValue: attempt), epoch: 1, dag: dag, task: task, run: run, mapIndex: -1, tryNumber: 1,
        maxTries: 1)
}

/// Everything a local executor needs, in a folder of its own.
struct Workshop {
    let scratch: Scratch
    let recorded = Recorded()
    let instance = UUID().uuidString
    let processes: ProcessLauncher
    let logs: TaskLogDirectory

    init(
        grace: Duration = .seconds(5), environment: [String: String] = [:], secrets: SecretMask = SecretMask()
    ) throws {
        scratch = try Scratch()
        logs = TaskLogDirectory(root: scratch.path, mask: secrets)
        let base = ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { _, given in given }
        processes = ProcessLauncher(instance: instance, environment: base, recorder: recorded, grace: grace)
    }

    func executor(
        readings: Readings = Readings(), _ body: @escaping @Sendable (TaskContext) async throws -> TaskResult
    ) -> LocalExecutor {
        executor(readings: readings) { _ in ClosureOperator(body: body) }
    }

    func executor(
        readings: Readings = Readings(), connections: Connections = Connections(environment: [:]),
        make: @escaping OperatorRegistry.Factory
    ) -> LocalExecutor {
        var registry = OperatorRegistry()
        registry.register(OperatorSignature(name: "test", summary: "", parameters: []), make: make)
        return LocalExecutor(
            registry: registry, logs: logs, processes: processes, outputs: readings, variables: readings,
            connections: connections)
    }

    /// An executor whose task is a shell script.
    func shell(_ script: String) -> LocalExecutor {
        executor { context in
            let exit = try await context.processes.run("/bin/sh", ["-c", script], in: context)
            guard exit == .code(0) else { throw TaskFailure(exit.summary, exitCode: exit.status) }
            return TaskResult(exitCode: 0)
        }
    }

    func log(_ launch: AttemptLaunch) -> String { reader(launch).tail().text }

    func reader(_ launch: AttemptLaunch) -> TaskLogReader {
        logs.reader(
            dag: launch.dag.id, runID: launch.run.runID, task: launch.task.id, mapIndex: launch.mapIndex,
            tryNumber: launch.tryNumber)
    }

    /// What the file holds, secrets of children included.
    func rawLog(_ launch: AttemptLaunch) throws -> Data { try Data(contentsOf: URL(filePath: logs.path(of: launch))) }
}

/// A named pipe: its reader learns of the moment when a script has come so far, and of the moment when the last process
/// that holds it open has ended.
final class Signpost: Sendable {
    let path: String
    private let descriptor: Int32
    /// Held open for writing, so that the pipe only ends once `closed()` lets go of it.
    private let writer: Mutex<Int32>

    init(in scratch: Scratch, _ name: String = "signpost") throws {
        path = "\(scratch.path)/\(name)"
        guard mkfifo(path, 0o600) == 0 else { throw Scratch.ScratchFailure(code: errno) }
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        writer = Mutex(open(path, O_WRONLY | O_CLOEXEC))
    }

    deinit {
        letGo()
        close(descriptor)
    }

    /// The next line that somebody wrote into it.
    ///
    /// Waits for it on a thread of its own.
    func line() async -> String {
        await read(until: { $0.last == UInt8(ascii: "\n") }).split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Returns when nobody has it open for writing any more.
    func closed() async {
        letGo()
        _ = await read(until: { _ in false })
    }

    /// Writes a line for a script that reads from it.
    func write(_ text: String) {
        let line = Array("\(text)\n".utf8)
        _ = writer.withLock { Glibc.write($0, line, line.count) }
    }

    private func letGo() {
        writer.withLock { writer in
            if writer >= 0 { close(writer) }
            writer = -1
        }
    }

    private func read(until isEnough: @escaping @Sendable ([UInt8]) -> Bool) async -> String {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            Thread.detach {
                var bytes: [UInt8] = []
                var byte: UInt8 = 0
                while !isEnough(bytes) {
                    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    poll(&item, 1, -1)
                    let count = Glibc.read(descriptor, &byte, 1)
                    if count == 0 { break }
                    if count == 1 { bytes.append(byte) }
                }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }
}

/// Runs a blocking body on a thread that nothing else needs.
enum Thread {
    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func detach(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box)
        pthread_detach(thread)
    }
}

/// Whether a process of this number exists that is more than an unreaped corpse.
func isAlive(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    let state = stat.split(separator: ")").last?.split(separator: " ").first
    return state != "Z" && state != "X"
}
