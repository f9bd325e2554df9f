import DAGModel
import Execution

/// A command line for a shell: what `bash` and `shell` have in common.
struct ShellCommand: Sendable {
    private let command: String
    private let environment: [String: String]?
    private let appendsEnvironment: Bool
    private let directory: String?
    private let skipCodes: Set<Int32>
    private let keepsOutput: Bool

    static let parameters: [OperatorSignature.Parameter] = [
        .init("bash_command", .string, required: true, rule: .notBlank, "the command line, or a whole script"),
        .init(
            "env", .object,
            "environment variables; without append_env the task gets these and not the scheduler's environment"),
        .init("append_env", .boolean, "whether `env` is added to the inherited environment; false by default"),
        .init("cwd", .string, "the working directory; by default an empty one that is removed afterwards"),
        .init("output_encoding", .string, rule: .utf8, "utf-8 and nothing else"),
        .init(
            "skip_on_exit_code", .any, rule: .exitStatuses,
            "the exit code, or a list of them, that ends the task as skipped; 99 by default, null for none"),
        .pushesOutput,
    ]

    init(_ values: [String: JSONValue], _ signature: OperatorSignature) throws {
        let arguments = try Arguments(values, signature)
        command = try arguments.required("bash_command")
        guard !command.utf8.contains(0) else { throw Arguments.failure("bash_command contains a zero byte") }
        environment = try arguments.texts("env")
        for (name, value) in environment ?? [:]
        where name.isEmpty || name.contains("=") || (name + value).utf8.contains(0) {
            throw Arguments.failure("\"\(name)\" in env is not a variable that a process can have")
        }
        appendsEnvironment = try arguments.bool("append_env", default: false)
        directory = try arguments.string("cwd")
        guard directory?.utf8.contains(0) != true else { throw Arguments.failure("cwd contains a zero byte") }
        if let encoding = try arguments.string("output_encoding"),
            !["utf-8", "utf8"].contains(encoding.lowercased())
        {
            throw Arguments.failure("output_encoding can only be utf-8, found \"\(encoding)\"")
        }
        let codes = arguments.isNull("skip_on_exit_code") ? [] : try arguments.ints("skip_on_exit_code") ?? [99]
        skipCodes = Set(codes.map { Int32(clamping: $0) })
        keepsOutput = try arguments.bool("do_xcom_push", default: true)
    }

    /// Runs the command; the last line of its output is the result, as in Airflow.
    func run(_ shell: String, _ context: TaskContext) async throws -> TaskResult {
        let start = context.log.size
        let exit = try await context.processes.run(
            shell, ["-c", command], environment: environment ?? [:],
            inherits: environment == nil || appendsEnvironment,
            // Airflow's rule: a task without a directory of its own must not leave files in the scheduler's.
            workingDirectory: directory.map { .path($0) } ?? .scratch, in: context)
        switch exit {
        case .code(0):
            let line = keepsOutput ? context.log.lastLine(from: start) : nil
            // PostgreSQL's JSON has no zero byte.
            return TaskResult(output: line.map { .string($0.filter { $0 != "\0" }) }, exitCode: 0)
        case .code(let code) where skipCodes.contains(code):
            throw TaskSkip("exit code \(code), which means skipped", exitCode: code)
        default:
            let last = context.log.lastLine(from: start, limit: 4096).map { ": \($0.prefix(300))" } ?? ""
            throw TaskFailure(exit.summary + last, exitCode: exit.status)
        }
    }
}
