package import DAGModel
package import Execution

/// Follows some of the tasks below it and skips the others: by the names it is given, or by a condition.
package struct BranchOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "branch", aliases: ["cryptoflow.operators.Branch"],
        summary: "Follows the chosen tasks below it and skips the others.",
        parameters: [
            .init(
                "follow", .stringOrList, rule: .tasksBelow,
                "the ids of tasks to follow: a list, or a text with commas between them, such as a template gives"),
            .init("condition", .any, "instead: what decides between if_true and if_false"),
            .init("if_true", .stringOrList, rule: .tasksBelow, "the tasks to follow when the condition holds"),
            .init("if_false", .stringOrList, rule: .tasksBelow, "the tasks to follow when it does not"),
            .pushesOutput,
        ],
        alternatives: [
            .init(["follow", "condition"], required: true, exclusive: true),
            .init(["if_true", "if_false"], required: true, beside: "condition"),
        ])

    private let followed: [TaskID]

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue]) throws {
        let arguments = try Arguments(values, Self.signature)
        if values["condition"] != nil {
            guard arguments["follow"] == nil else {
                throw Arguments.failure("give either \"follow\" or \"condition\", not both")
            }
            let name = Truth.of(values["condition", default: .null]) ? "if_true" : "if_false"
            followed = try Self.names(arguments, name)
        } else {
            guard values["follow"] != nil else {
                throw Arguments.failure("the argument \"follow\" is missing: name the tasks to follow")
            }
            followed = try Self.names(arguments, "follow")
        }
    }

    /// Nothing named means nothing followed.
    static func names(_ arguments: Arguments, _ name: String) throws -> [TaskID] {
        switch arguments[name] {
        case nil: return []
        case .string(let text)?:
            return text.split(separator: ",").map { TaskID(String($0).trimmed) }.filter { !$0.rawValue.isEmpty }
        case .array(let elements)?:
            return try elements.map { element in
                guard let text = element.stringValue else {
                    throw arguments.mismatch(name, "a task's id or a list of them", element)
                }
                return TaskID(text)
            }
        case let other?: throw arguments.mismatch(name, "a task's id or a list of them", other)
        }
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        try Self.follow(followed, context)
    }

    static func follow(_ tasks: [TaskID], _ context: TaskContext) throws -> TaskResult {
        let launch = context.launch
        let below = launch.dag.tasks.filter { $0.upstream.contains(launch.task.id) }.map(\.id)
        for task in tasks where !below.contains(task) {
            let names = below.map(\.rawValue).joined(separator: ", ")
            throw TaskFailure(
                "\"\(task)\" cannot be followed: it does not come directly after \"\(launch.task.id)\" "
                    + (below.isEmpty ? "(nothing does)" : "(these do: \(names))"), isRetryable: false)
        }
        context.log.info(
            tasks.isEmpty ? "follows nothing" : "follows \(tasks.map(\.rawValue).joined(separator: ", "))")
        return TaskResult(
            output: .array(tasks.map { .string($0.rawValue) }), skips: .allBut(tasks))
    }
}

/// Cuts off what is below it unless a condition holds.
package struct ShortCircuitOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "short_circuit", aliases: ["cryptoflow.operators.ShortCircuit"],
        summary: "Skips what is below it unless a condition holds.",
        parameters: [
            .init("condition", .any, required: true, "goes on when this is true: a value, a template, an output"),
            .init(
                "ignore_downstream_trigger_rules", .boolean,
                "true (default): everything below is skipped; false: only the next tasks, by whose rules it goes on"),
            .pushesOutput,
        ])

    private let holds: Bool
    private let skips: DownstreamSkip

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue]) throws {
        let arguments = try Arguments(values, Self.signature)
        holds = Truth.of(values["condition", default: .null])
        skips = try arguments.bool("ignore_downstream_trigger_rules", default: true) ? .everything : .direct
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        context.log.info(holds ? "the condition holds" : "the condition does not hold: what follows is skipped")
        return TaskResult(output: .bool(holds), skips: holds ? nil : skips)
    }
}
