package import DAGModel

/// Starts the processes of tasks: the one way in which operators run programs.
package struct ProcessLauncher: Sendable {
    /// Identifies the database whose attempts these are; part of every child's `CRYPTOFLOW_ATTEMPT`.
    package let instance: String
    /// The environment that tasks inherit, without what is ours alone.
    package let environment: [String: String]
    /// The time between TERM and KILL.
    package let grace: Duration
    /// The bytes that a task's log may take on disk; nil for no limit.
    package let outputLimit: Int64?
    private let recorder: any ProcessRecorder
    /// Whatever kills the children when this program cannot.
    private let guarded: ProcessGuard?
    let scratches: ScratchDirectories
    /// Starts shells; nil where that is not to be had.
    private let forkServer: ForkServer?

    /// The time between TERM and KILL when nothing else is said: 5 s.
    package static let defaultGrace = Duration.seconds(5)

    /// `environment` is the program's own; settings and secrets of ours are taken out of it.
    ///
    /// `guarded` is whatever kills the children when this program cannot.
    package init(
        instance: String, environment: [String: String], recorder: any ProcessRecorder,
        grace: Duration = defaultGrace, outputLimit: Int64? = TaskLogLimit.defaultBytes,
        guarded: ProcessGuard? = nil
    ) {
        self.instance = instance
        self.environment = environment.filter { !Self.isPrivate($0.key) }
        self.recorder = recorder
        self.grace = grace
        self.outputLimit = outputLimit
        self.guarded = guarded
        scratches = ScratchDirectories(environment: environment)
        forkServer = ForkServer(
            environment: self.environment, mark: guarded.map { (ProcessGuard.variable, $0.marker) })
    }

    /// The value of `CRYPTOFLOW_ATTEMPT` for an attempt.
    package static func marker(instance: String, attempt: AttemptID) -> String { "\(instance)/\(attempt)" }

    /// Variables that no task inherits: our settings, and connections, which hold passwords.
    static func isPrivate(_ name: String) -> Bool {
        name.hasPrefix("CRYPTOFLOW_") || name.hasPrefix("AIRFLOW_CONN_")
    }

    /// Where a program is started.
    package enum WorkingDirectory: Sendable {
        /// In the directory of this process.
        case inherited
        case path(String)
        /// In an empty one of its own, whose name is gone afterwards.
        case scratch
    }

    /// Runs a program for a try, its output appended to the try's log, and returns when it and everything it started
    /// have ended.
    ///
    /// `environment` comes over the inherited one, or alone when `inherits` is false; then only `PATH` is added if it is
    /// missing. When the Swift task is cancelled the whole session is stopped (TERM, grace, KILL) and
    /// `CancellationError` is thrown. Throws ``TaskFailure`` when the program cannot be started.
    package func run(
        _ executable: String, _ arguments: [String], environment extra: [String: String] = [:], inherits: Bool = true,
        workingDirectory: WorkingDirectory = .inherited, in context: TaskContext
    ) async throws -> ChildExit {
        try Task.checkCancellation()
        switch workingDirectory {
        case .inherited: return try await run(executable, arguments, extra, inherits, nil, context).exit
        case .path(let path): return try await run(executable, arguments, extra, inherits, path, context).exit
        case .scratch:
            let scratch = try scratches.take()
            var isLeft = false
            defer { scratches.giveBack(scratch, isLeft: isLeft) }
            let (exit, leftNothing) = try await run(executable, arguments, extra, inherits, scratch.path, context)
            isLeft = leftNothing
            return exit
        }
    }

    private func run(
        _ executable: String, _ arguments: [String], _ extra: [String: String], _ inherits: Bool, _ directory: String?,
        _ context: TaskContext
    ) async throws -> (exit: ChildExit, leftNothing: Bool) {
        let launch = context.launch
        var variables = inherits ? environment : [:]
        if !inherits { variables["PATH"] = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }
        variables.merge(extra) { _, given in given }
        variables.merge(Self.contextVariables(launch)) { _, ours in ours }
        if let guarded { variables[ProcessGuard.variable] = guarded.marker }
        variables[ChildProcess.attemptVariable] = Self.marker(instance: instance, attempt: launch.attempt)

        context.log.makeFolder()
        let child: ChildProcess
        do {
            child = try await ChildProcess.spawn(
                ChildCommand(
                    executable: executable, arguments: arguments, environment: variables,
                    workingDirectory: directory, outputPath: context.log.path, outputLimit: outputLimit,
                    forkServer: forkServer))
        } catch let error as ChildSpawnError {
            throw TaskFailure(error.description, isRetryable: error.isRetryable)
        }
        recorder.spawned(child.record, for: launch.attempt)
        let grace = grace
        let exit = await withTaskCancellationHandler {
            await child.wait()
        } onCancel: {
            child.stop(grace: grace)
        }
        try Task.checkCancellation()
        return (exit, child.leftNothing)
    }

    /// What Airflow tells every task about itself, under the same names.
    static func contextVariables(_ launch: AttemptLaunch) -> [String: String] {
        var variables = [
            "AIRFLOW_CTX_DAG_ID": launch.dag.id.rawValue,
            "AIRFLOW_CTX_DAG_RUN_ID": launch.run.runID,
            "AIRFLOW_CTX_TASK_ID": launch.task.id.rawValue,
            "AIRFLOW_CTX_TRY_NUMBER": String(launch.tryNumber),
        ]
        if let date = launch.run.logicalDate { variables["AIRFLOW_CTX_LOGICAL_DATE"] = date.airflowText }
        return variables
    }
}
