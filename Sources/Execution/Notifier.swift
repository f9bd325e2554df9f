package import CivilTime
package import DAGModel

/// Tells somebody what happened: made for one delivery from its rendered arguments, used once, and dropped.
package protocol Notifier: Sendable {
    /// Delivers the notice.
    ///
    /// Throws ``TaskFailure``: retryable where another delivery may succeed.
    func deliver(_ notice: Notice) async throws
}

/// What a notifier tells.
package struct Notice: Sendable {
    /// The same at each delivery of one notification, so that a receiver can tell a repetition.
    package let key: String
    package let event: CallbackEvent
    package let dag: DAGID
    package let run: RunFacts
    package let runState: RunState
    /// Nil for what is about a run as a whole.
    package let task: TaskID?
    package let mapIndex: Int
    /// 0 without a task.
    package let tryNumber: Int
    package let maxTries: Int
    package let reason: String?
    package let logHint: String?
    package let deadline: Timestamp?
    package let createdAt: Timestamp

    package init(
        key: String, event: CallbackEvent, dag: DAGID, run: RunFacts, runState: RunState, task: TaskID?, mapIndex: Int,
        tryNumber: Int, maxTries: Int, reason: String?, logHint: String?, deadline: Timestamp?, createdAt: Timestamp
    ) {
        self.key = key
        self.event = event
        self.dag = dag
        self.run = run
        self.runState = runState
        self.task = task
        self.mapIndex = mapIndex
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.reason = reason
        self.logHint = logHint
        self.deadline = deadline
        self.createdAt = createdAt
    }
}

extension Notice {
    /// What happened, in a few words: for subjects.
    package var title: String {
        let subject = task.map { "Task \($0)" + (mapIndex < 0 ? "" : "[\(mapIndex)]") + " of \(dag)" } ?? "DAG \(dag)"
        switch event {
        case .execute: return "\(subject) begins try \(tryNumber)"
        case .retry: return "\(subject) will be tried again"
        case .success: return "\(subject) succeeded"
        case .failure: return "\(subject) failed"
        case .skipped: return "\(subject) was skipped"
        case .deadline: return "DAG \(dag) missed its deadline"
        }
    }

    /// What happened, a fact a line: for messages without a text of their own.
    package var text: String {
        var lines = [title, "run: \(run.runID)"]
        if tryNumber > 0, event != .deadline { lines.append("try: \(tryNumber) of \(max(maxTries + 1, tryNumber))") }
        if let deadline { lines.append("deadline: \(deadline.iso8601)") }
        if let reason { lines.append("reason: \(reason)") }
        if let logHint { lines.append("log: \(logHint)") }
        return lines.joined(separator: "\n")
    }

    /// What happened, for programs.
    package var json: JSONValue {
        func time(_ instant: Timestamp?) -> JSONValue { instant.map { .string($0.iso8601) } ?? .null }
        func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
        return [
            "notification": .string(key), "event": .string(event.rawValue), "title": .string(title),
            "dag_id": .string(dag.rawValue), "run_id": .string(run.runID), "run_state": .string(runState.rawValue),
            "logical_date": time(run.logicalDate), "task_id": text(task?.rawValue),
            "map_index": task == nil ? .null : .int(Int64(mapIndex)),
            "try_number": task == nil ? .null : .int(Int64(tryNumber)),
            "max_tries": task == nil ? .null : .int(Int64(maxTries)), "reason": text(reason), "log_hint": text(logHint),
            "deadline": time(deadline), "at": .string(createdAt.iso8601),
        ]
    }
}

/// The notifiers a program knows.
package struct NotifierRegistry: Sendable {
    /// Makes a notifier from rendered arguments; throws ``TaskFailure`` for an argument it cannot use.
    package typealias Factory = @Sendable (_ arguments: [String: JSONValue]) throws -> any Notifier

    private var factories: [String: Factory] = [:]

    package init() {}

    /// Adds a notifier under its signature's name.
    package mutating func register(_ signature: OperatorSignature, make: @escaping Factory) {
        factories[signature.name] = make
    }

    func make(_ name: String, arguments: [String: JSONValue]) throws -> any Notifier {
        guard let factory = factories[name] else {
            throw TaskFailure("this program has no notifier \"\(name)\"", isRetryable: false)
        }
        return try factory(arguments)
    }
}
