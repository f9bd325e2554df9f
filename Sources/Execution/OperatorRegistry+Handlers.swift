package import DAGModel

extension OperatorRegistry {
    /// A task with a `run` body.
    struct HandlerName: Hashable {
        let task: TaskID
        /// Nil for the tasks of that id in every DAG.
        let dag: DAGID?
    }

    /// Adds what carries out the `run` bodies of a task: of one DAG, or of every DAG that has none of its own.
    package mutating func registerHandler(for task: TaskID, of dag: DAGID?, make: @escaping Factory) {
        handlers[HandlerName(task: task, dag: dag)] = make
    }

    private func handler(for launch: AttemptLaunch) -> Factory? {
        handlers[HandlerName(task: launch.task.id, dag: launch.dag.id)]
            ?? handlers[HandlerName(task: launch.task.id, dag: nil)]
    }

    /// Throws ``TaskFailure`` when this program has no handler for a `run` body.
    func checkKnows(_ launch: AttemptLaunch) throws {
        guard launch.task.body == .run, handler(for: launch) == nil else { return }
        let known = Set(handlers.keys.map { name in name.dag.map { "\($0)/\(name.task)" } ?? name.task.rawValue })
            .sorted()
        let has = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
        throw TaskFailure(
            "the task has a `run` body, and the program that carries out the queue \"\(launch.task.queue)\" has no handler "
                + "\"\(launch.task.id)\" (\(has)); give the task the queue of a worker that registers it",
            isRetryable: false)
    }

    /// What carries out a try, made from its rendered arguments.
    func make(_ launch: AttemptLaunch, arguments: [String: JSONValue]) throws -> any Operator {
        if case .uses(let name) = launch.task.body { return try make(name, arguments: arguments) }
        try checkKnows(launch)
        guard let make = handler(for: launch) else { throw TaskFailure("no handler", isRetryable: false) }
        return try make(arguments)
    }
}
