import ArgumentParser
import CivilTime
import Commands
import DAGModel
import Synchronization

/// The root command as a program would make it.
struct TestRoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow", abstract: "Runs DAGs.", version: "1.2.3",
        subcommands: Commands.subcommands + [TestDatabase.self, TestWorker.self])

    /// What a program adds `prune` to.
    struct TestDatabase: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "db", abstract: "The database.", subcommands: [DatabasePrune.self])
    }

    /// A noun that does something without a verb, as a program makes it.
    struct TestWorker: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "worker", abstract: "Works.", subcommands: [TestWorkerRun.self, WorkerList.self],
            defaultSubcommand: TestWorkerRun.self)
    }

    struct TestWorkerRun: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Work.", discussion: "Example:\n  cryptoflow worker run")

        @Option var queues: String
    }
}

/// What a command line came to.
struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }

    /// Standard output as JSON; null when it is none.
    var json: JSONValue { (try? JSONValue(parsing: output)) ?? .null }
}

/// Runs command lines in the process, with what they write kept apart.
struct CommandLineHarness {
    static let now = Timestamp(iso8601: "2026-11-21T10:00:00Z") ?? .epoch

    static let operators = [
        OperatorSignature(
            name: "bash", aliases: ["airflow.providers.standard.operators.bash.BashOperator"],
            summary: "Runs a shell command.", runsProcess: true,
            parameters: [.init("bash_command", .string, required: true, "What to run.")]),
        OperatorSignature(name: "empty", summary: "Does nothing.", parameters: []),
        OperatorSignature(
            name: "market_fetch", summary: "Fetches from an exchange.",
            parameters: [
                .init("exchange", .string, "Which."), .init("endpoint", .string, "What."),
                .init("start", .string, "From."), .init("end", .string, "To."),
            ]),
    ]

    /// `db prune`.
    static func prune(_ arguments: [String], history: FakeHistory) async -> Outcome {
        await run(["db", "prune"] + arguments, history: history)
    }

    static func run(
        _ arguments: String..., history: FakeHistory = FakeHistory(), models: FakeModels? = nil, desk: FakeDesk? = nil,
        variables: [String: String] = [:], isColourful: Bool = false, showsProgress: Bool = false,
        onOutput: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> Outcome {
        await run(
            arguments, history: history, models: models, desk: desk, variables: variables, isColourful: isColourful,
            showsProgress: showsProgress, onOutput: onOutput)
    }

    private static func run(
        _ arguments: [String], history: FakeHistory = FakeHistory(), models: FakeModels? = nil, desk: FakeDesk? = nil,
        variables: [String: String] = [:],
        isColourful: Bool = false, showsProgress: Bool = false,
        onOutput: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> Outcome {
        let written = Written()
        let console = Console(isColourful: isColourful, showsProgress: showsProgress) { stream, text in
            written.add(text, to: stream)
            if stream == .output { onOutput(text) }
        }
        let environment = CommandEnvironment(
            opener: history, models: models, desks: desk, operators: operators, version: "1.2.3", console: console,
            actor: "tester",
            variables: variables, pace: .zero, now: { now })
        let code = await Commands.run(TestRoot.self, arguments: arguments, in: environment)
        return Outcome(code: code, output: written.text(.output), errors: written.text(.error))
    }

    private final class Written: Sendable {
        private let texts = Mutex((output: "", error: ""))

        func add(_ text: String, to stream: Console.Stream) {
            texts.withLock { texts in
                if stream == .output { texts.output += text } else { texts.error += text }
            }
        }

        func text(_ stream: Console.Stream) -> String {
            texts.withLock { stream == .output ? $0.output : $0.error }
        }
    }
}
