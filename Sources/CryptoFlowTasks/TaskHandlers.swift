import DAGModel
import Execution
import FoundationEssentials

/// The tasks that a program carries out: a handler for each task with a `run` body.
///
///     var tasks = TaskHandlers()
///     tasks.register("score", arguments: ScoreArguments.self) { arguments, context in
///         context.logger.info("scoring \(arguments.market)")
///         return Score(market: arguments.market, value: 0.5)
///     }
///     await CryptoFlowTasks.run(tasks)
///
/// A document calls the handler by the task's id, and a worker of its `queue` carries it out:
///
///     tasks:
///       - id: score
///         queue: swift
///         run: {market: KRW-BTC}
public struct TaskHandlers: Sendable {
    typealias Body = @Sendable (_ arguments: JSONValue, _ context: TaskContext) async throws -> JSONValue?

    struct Handler: Sendable {
        let task: TaskID
        let dag: DAGID?
        let body: Body
    }

    private(set) var handlers: [Handler] = []

    /// No handlers.
    public init() {}

    /// Adds a handler that takes arguments and returns a value.
    ///
    /// The arguments are what the document has under `run`, templates rendered and upstream outputs filled in, decoded with
    /// the coding keys of their type: arguments that do not fit fail the task, without another try. The value becomes the
    /// task's output, at most 1 MB as JSON. The handler throws ``TaskFailed`` or any other error to fail, ``TaskSkipped`` to
    /// skip. It is cancelled when the task's `execution_timeout` has passed, when the task is stopped by hand, and when the
    /// worker was cut off from the database for too long; it must end soon then. A later handler of the same task replaces an
    /// earlier one.
    ///
    /// - Parameters:
    ///   - task: the task's id.
    ///   - dag: the id of the only DAG whose task it is; nil for the tasks of that id in every DAG.
    ///   - arguments: what the document's arguments are decoded as.
    ///   - body: the work. It runs on the cooperative pool: what blocks belongs on a thread or queue of its own.
    public mutating func register<Arguments: Decodable & Sendable, Output: Encodable & Sendable>(
        _ task: String, dag: String? = nil, arguments: Arguments.Type,
        _ body: @escaping @Sendable (Arguments, TaskContext) async throws -> Output
    ) {
        add(task, dag) { json, context in
            try Self.encode(try await body(try Self.decode(json, as: Arguments.self), context))
        }
    }

    /// Adds a handler that takes arguments and returns nothing; see ``register(_:dag:arguments:_:)``.
    public mutating func register<Arguments: Decodable & Sendable>(
        _ task: String, dag: String? = nil, arguments: Arguments.Type,
        _ body: @escaping @Sendable (Arguments, TaskContext) async throws -> Void
    ) {
        add(task, dag) { json, context in
            try await body(try Self.decode(json, as: Arguments.self), context)
            return nil
        }
    }

    /// Adds a handler that takes no arguments and returns a value; see ``register(_:dag:arguments:_:)``.
    public mutating func register<Output: Encodable & Sendable>(
        _ task: String, dag: String? = nil, _ body: @escaping @Sendable (TaskContext) async throws -> Output
    ) {
        add(task, dag) { _, context in try Self.encode(try await body(context)) }
    }

    /// Adds a handler that takes no arguments and returns nothing; see ``register(_:dag:arguments:_:)``.
    public mutating func register(
        _ task: String, dag: String? = nil, _ body: @escaping @Sendable (TaskContext) async throws -> Void
    ) {
        add(task, dag) { _, context in
            try await body(context)
            return nil
        }
    }

    private mutating func add(_ task: String, _ dag: String?, _ body: @escaping Body) {
        handlers.append(Handler(task: TaskID(task), dag: dag.map { DAGID($0) }, body: body))
    }

    static func decode<Value: Decodable>(_ json: JSONValue, as type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(json.jsonText.utf8))
        } catch let error as DecodingError {
            throw TaskFailure(
                "the arguments do not fit \(Value.self): \(DecodingProblem.sentence(error))", isRetryable: false)
        }
    }

    private static func encode(_ value: some Encodable) throws -> JSONValue? {
        let data: Data
        do {
            data = try JSONEncoder().encode(value)
        } catch {
            throw TaskFailure("the output cannot be written as JSON: \(error)", isRetryable: false)
        }
        return try JSONValue(parsing: String(decoding: data, as: UTF8.self))
    }
}

/// What a decoder says, in one sentence.
enum DecodingProblem {
    static func sentence(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .keyNotFound(let key, let found):
            let path = (found.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            return "\"\(path)\" is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        @unknown default: return "they are not of the expected form"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\"\(path)\": \(context.debugDescription)"
    }
}
