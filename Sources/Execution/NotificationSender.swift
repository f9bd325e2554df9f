package import CivilTime
package import DAGModel
import Templates

/// Delivers notifications.
package protocol NotificationSender: Sendable {
    /// Delivers once.
    ///
    /// Throws ``TaskFailure`` or any other error when it could not.
    func send(_ request: NotificationRequest) async throws
}

/// A notification to be delivered, with all that its arguments may ask about.
package struct NotificationRequest: Sendable {
    package let key: Int64
    package let callback: Callback
    package let dag: DAG
    package let run: RunFacts
    package let runState: RunState
    /// Nil for what is about a run as a whole.
    package let task: TaskInstanceKey?
    package let tryNumber: Int
    package let maxTries: Int
    package let reason: String?
    package let deadline: Timestamp?
    package let createdAt: Timestamp

    package init(
        key: Int64, callback: Callback, dag: DAG, run: RunFacts, runState: RunState, task: TaskInstanceKey?,
        tryNumber: Int, maxTries: Int, reason: String?, deadline: Timestamp?, createdAt: Timestamp
    ) {
        self.key = key
        self.callback = callback
        self.dag = dag
        self.run = run
        self.runState = runState
        self.task = task
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.reason = reason
        self.deadline = deadline
        self.createdAt = createdAt
    }
}

/// Delivers notifications from this process: renders the arguments, makes the notifier, lets it deliver.
package struct LocalNotificationSender: NotificationSender {
    private let registry: NotifierRegistry
    private let renderer: ArgumentRenderer
    private let instance: String
    private let timeout: Duration

    /// - Parameters:
    ///   - instance: names this installation for ever, so that the keys of notices are unique.
    ///   - timeout: how long a delivery takes at most, whatever its notifier allows itself.
    package init(
        registry: NotifierRegistry, instance: String, outputs: any OutputReader, variables: any VariableReader,
        connections: Connections, timeout: Duration = .seconds(90)
    ) {
        self.registry = registry
        self.instance = instance
        self.timeout = timeout
        renderer = ArgumentRenderer(outputs: outputs, variables: variables, connections: connections)
    }

    @concurrent
    package func send(_ request: NotificationRequest) async throws {
        let hint = Self.logHint(request)
        let facts = TemplateContext.CallbackFacts(
            event: request.callback.event.rawValue, reason: request.reason, logHint: hint,
            taskState: request.task == nil ? nil : Self.taskState(request.callback.event),
            runState: request.runState.rawValue, deadline: request.deadline)
        let notice = Notice(
            key: "\(instance)/\(request.key)", event: request.callback.event, dag: request.dag.id, run: request.run,
            runState: request.runState, task: request.task?.task, mapIndex: request.task?.mapIndex ?? -1,
            tryNumber: request.tryNumber, maxTries: request.maxTries, reason: request.reason, logHint: hint,
            deadline: request.deadline, createdAt: request.createdAt)
        let (registry, renderer) = (registry, renderer)
        try await Self.within(timeout) {
            let arguments = try await renderer.render(
                request.callback.arguments, for: Self.launch(request), facts)
            try await registry.make(request.callback.notifier, arguments: arguments).deliver(notice)
        }
    }

    /// The task's facts as its try had them; of what is about a whole run the task has no name.
    private static func launch(_ request: NotificationRequest) -> AttemptLaunch {
        let known = request.task.flatMap { key in request.dag.tasks.first { $0.id == key.task } }
        return AttemptLaunch(
            attempt: AttemptID(rawValue: 0), epoch: 0, dag: request.dag,
            task: known ?? TaskSpec(id: TaskID(""), place: request.dag.place, body: .run), run: request.run,
            mapIndex: request.task?.mapIndex ?? -1, tryNumber: request.tryNumber, maxTries: request.maxTries)
    }

    private static func taskState(_ event: CallbackEvent) -> String {
        switch event {
        case .execute: TaskState.running.rawValue
        case .retry: TaskState.upForRetry.rawValue
        case .success: TaskState.success.rawValue
        case .failure, .deadline: TaskState.failed.rawValue
        case .skipped: TaskState.skipped.rawValue
        }
    }

    /// The command that shows the try's log, ready to be pasted.
    private static func logHint(_ request: NotificationRequest) -> String? {
        guard let task = request.task, request.tryNumber > 0 else { return nil }
        let index = task.mapIndex < 0 ? "" : " --map-index \(task.mapIndex)"
        return "cryptoflow task logs \(request.dag.id) '\(request.run.runID)' \(task.task) --try \(request.tryNumber)"
            + index
    }

    private static func within(_ timeout: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                try await TimeLimits.shared.wait(for: timeout)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else {
                throw TaskFailure("the delivery took longer than \(timeout.humanText())", kind: .timeout)
            }
        }
    }
}
