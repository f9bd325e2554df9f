package import DAGModel
package import Execution
import Glibc

/// `cryptoflow.operators.ModelTrain`, `ModelPredict` and `ModelDrift`: run `cryptoflow-model` as a child process.
///
/// XGBoost's calls cannot be cancelled within our process; a process can be killed, by its timeout or a takeover. Its
/// last line of output is the result.
package struct ModelOperator: Execution.Operator {
    /// What the program is asked to do.
    package enum Verb: String, Sendable, CaseIterable {
        case train, predict, drift

        /// What documents may say.
        package var signature: OperatorSignature {
            switch self {
            case .train:
                OperatorSignature(
                    name: "model_train", aliases: ["cryptoflow.operators.ModelTrain"],
                    summary: "Trains a model of the next hour, judges it, and puts it into use when it is better.",
                    runsProcess: true,
                    parameters: [
                        .init("markets", .list, "Only these markets, such as [KRW-BTC, KRW-ETH]; all unless given."),
                        .init(
                            "parameters", .object,
                            "Training parameters that differ from the defaults: rounds, eta, max_depth, "
                                + "min_child_weight, subsample, colsample_bytree, lambda, alpha, seed, train_hours, "
                                + "windows (6 or more), window_hours, judge_hours. Empty or None counts as absent."),
                        .init(
                            "until", .string,
                            "Read no hour from this instant on. Empty or None counts as absent."),
                    ] + Self.common)
            case .predict:
                OperatorSignature(
                    name: "model_predict", aliases: ["cryptoflow.operators.ModelPredict"],
                    summary: "Forecasts the next hour of every market with the model in use.", runsProcess: true,
                    parameters: [
                        .init("model", .string, "The model's id or name; the one in use unless given."),
                        .init(
                            "since", .string,
                            "The first hour to forecast from, at most 48 hours back; the newest only unless given."),
                    ] + Self.common)
            case .drift:
                OperatorSignature(
                    name: "model_drift", aliases: ["cryptoflow.operators.ModelDrift"],
                    summary: "Compares the last 7 days with the training of the model in use, and warns.",
                    runsProcess: true, parameters: Self.common)
            }
        }

        private static var common: [OperatorSignature.Parameter] {
            [
                .init("conn_id", .string, "The connection of the database; warehouse unless given."),
                .init("exchange", .string, "Only this exchange's markets."),
                .init(
                    "memory_mb", .integer,
                    "The most memory of the process, in MB, 256 or more; 2048 unless given, 0 for no limit."),
                .pushesOutput,
            ]
        }
    }

    /// Its exit codes, as `cryptoflow-model --help` tells them.
    private enum ExitCode {
        static let invalid: Int32 = 2
        static let nothingToDo: Int32 = 99
    }

    /// In MB; the program refuses less.
    private static let leastMemory: Int64 = 256

    private let verb: Verb
    private let connectionID: String
    private let connections: Connections
    private let program: @Sendable () throws -> String
    private let options: [String]
    private let keepsOutput: Bool

    /// - Parameter program: the path of `cryptoflow-model`; throws a sentence when it is missing.
    /// - Throws: ``TaskFailure`` for an argument it cannot use.
    package init(
        _ verb: Verb, arguments: [String: JSONValue], connections: Connections,
        program: @escaping @Sendable () throws -> String
    ) throws {
        let given = try Arguments(arguments, verb.signature)
        self.verb = verb
        self.connections = connections
        self.program = program
        connectionID = try given.string("conn_id") ?? "warehouse"
        keepsOutput = try given.bool("do_xcom_push", default: true)
        var options: [String] = []
        func add(_ option: String, _ value: String?) {
            if let value { options += [option, value] }
        }
        add("--exchange", try Self.present(given, "exchange"))
        if let memory = try given.int("memory_mb", in: 0...1_000_000) {
            guard memory == 0 || memory >= Self.leastMemory else {
                throw Arguments.failure(
                    "memory_mb \(memory) is too little for the program itself: give \(Self.leastMemory) or more, or 0 for no limit"
                )
            }
            add("--memory", String(memory))
        }
        switch verb {
        case .train:
            add("--until", try Self.present(given, "until"))
            if let parameters = try given.object("parameters") {
                add("--parameters", JSONValue.object(parameters).jsonText)
            }
            let markets = try Self.markets(given)
            if !markets.isEmpty { options += ["--markets"] + markets }
        case .predict:
            add("--model", try Self.present(given, "model"))
            add("--since", try Self.present(given, "since"))
        case .drift: break
        }
        self.options = options
    }

    private static func markets(_ given: Arguments) throws -> [String] {
        guard let value = given["markets"] else { return [] }
        let texts = value.arrayValue?.map(\.stringValue)
        guard let texts, texts.allSatisfy({ $0 != nil && $0?.hasPrefix("-") == false }) else {
            throw given.mismatch("markets", "a list of markets such as [KRW-BTC, KRW-ETH]", value)
        }
        return texts.compactMap { $0 }
    }

    /// A text, unless it is what a template renders for a variable that the run does not have.
    private static func present(_ given: Arguments, _ name: String) throws -> String? {
        guard let text = try given.string(name), !["", "none", "null"].contains(text.lowercased()) else { return nil }
        // It must not be taken for an option.
        guard !text.hasPrefix("-") else {
            throw Arguments.failure("\(name) \"\(text.prefix(40))\" begins with a hyphen")
        }
        return text
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let path: String
        let url: String
        do {
            path = try program()
            let connection = try connections.connection(connectionID)
            guard connection.scheme == "postgresql" else {
                throw Arguments.failure("the connection \"\(connectionID)\" is \(connection.scheme), not postgresql")
            }
            url = connection.url
        } catch let failure as TaskFailure {
            throw failure
        } catch {
            throw Arguments.failure("\(error)")
        }
        var arguments = [verb.rawValue] + options
        // Only our own database knows of attempts.
        if connections.isBuiltIn(connectionID) {
            arguments += ["--attempt", String(context.launch.attempt.rawValue)]
        }
        if verb == .train {
            arguments += [
                "--dag", context.launch.dag.id.rawValue, "--run", context.launch.run.runID,
                "--task", context.launch.task.id.rawValue,
            ]
            if context.launch.mapIndex >= 0 { arguments += ["--map-index", String(context.launch.mapIndex)] }
        }
        let start = context.log.size
        // The password is in the environment: an argument could be read by everyone on the machine.
        let exit = try await context.processes.run(
            path, arguments, environment: ["CRYPTOFLOW_MODEL_DATABASE": url, "OMP_NUM_THREADS": "1"], in: context)
        let line = context.log.lastLine(from: start) ?? ""
        switch exit {
        case .code(0):
            let output = keepsOutput ? try? JSONValue(parsing: line) : nil
            return TaskResult(output: output, exitCode: 0)
        case .code(ExitCode.nothingToDo):
            throw TaskSkip(String(line.prefix(600)), exitCode: ExitCode.nothingToDo)
        case .code(let code):
            throw TaskFailure(
                line.isEmpty ? exit.summary : String(line.prefix(600)), isRetryable: code != ExitCode.invalid,
                exitCode: code)
        case .signal:
            throw TaskFailure(Self.reason(exit), exitCode: exit.status)
        }
    }

    /// A program that is refused memory in the middle of something ends by one of these signals.
    private static func reason(_ exit: ChildExit) -> String {
        let told = "cryptoflow-model was \(exit.summary)"
        guard case .signal(let number) = exit, [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGTRAP].contains(number) else {
            return told
        }
        return told + "; if it ran out of memory, raise memory_mb (2048 unless given)"
    }

    /// Adds the three operators to a program's registry.
    package static func register(
        in registry: inout OperatorRegistry, connections: Connections, program: @escaping @Sendable () throws -> String
    ) {
        for verb in Verb.allCases {
            registry.register(verb.signature) {
                try ModelOperator(verb, arguments: $0, connections: connections, program: program)
            }
        }
    }
}
