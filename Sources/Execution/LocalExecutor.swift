import CivilTime
package import DAGModel
import Synchronization

/// Carries out attempts on this machine: operators in this process, their programs as children of it.
package struct LocalExecutor: Executor {
    private let registry: OperatorRegistry
    private let logs: TaskLogDirectory
    private let renderer: ArgumentRenderer
    private let processes: ProcessLauncher

    package init(
        registry: OperatorRegistry, logs: TaskLogDirectory, processes: ProcessLauncher, outputs: any OutputReader,
        variables: any VariableReader, connections: Connections = Connections(environment: [:])
    ) {
        self.registry = registry
        self.logs = logs
        self.processes = processes
        renderer = ArgumentRenderer(outputs: outputs, variables: variables, connections: connections)
    }

    package func threads(for launch: AttemptLaunch) -> (any TaskExecutor)? {
        guard case .uses(let name) = launch.task.body, registry.signature(named: name)?.runsProcess == true else {
            return nil
        }
        return ProcessThreads.shared
    }

    // Off the caller's executor: the leader's own queue must not wait for files.
    @concurrent
    package func run(_ launch: AttemptLaunch) async -> AttemptEnd {
        let log = logs.log(of: launch)
        let name = Mutex<String?>(nil)
        var end = await end(of: launch, log) { found in name.withLock { $0 = found } }
        end.mapName = name.withLock { $0 }
        // A reason may quote what the task was given, and everybody reads it.
        end.reason = end.reason.map { log.masked($0) }
        end.mapName = end.mapName.map { log.masked($0) }
        if end.state == .failed { log.error("failed: \(end.reason ?? "")") }
        return end
    }

    /// - Parameter named: told what the instance of a mapped task is called, once that is known: also of one that fails.
    private func end(
        of launch: AttemptLaunch, _ log: TaskLog, named: @escaping @Sendable (String?) -> Void
    ) async -> AttemptEnd {
        do {
            let result = try await carryOut(launch, log, named: named)
            if let output = result.output {
                let size = output.jsonText.utf8.count
                guard size <= TaskResult.maximumOutputBytes else {
                    throw TaskFailure(
                        "the output is \(size) bytes of JSON and may be at most \(TaskResult.maximumOutputBytes); "
                            + "put the data into a table or a file and return its name", isRetryable: false,
                        exitCode: result.exitCode)
                }
            }
            return AttemptEnd(
                attempt: launch.attempt, state: .success, exitCode: result.exitCode, output: result.output,
                assetChanges: result.assetChanges, skips: result.skips)
        } catch let wait as TaskDefer {
            log.info("\(wait.reason); goes on at \(wait.deferral.until.iso8601)")
            return AttemptEnd(
                attempt: launch.attempt, state: .running, reason: wait.reason, deferral: wait.deferral)
        } catch let skip as TaskSkip {
            log.info("skipped: \(skip.reason)")
            return AttemptEnd(
                attempt: launch.attempt, state: .skipped, reason: skip.reason, exitCode: skip.exitCode)
        } catch let failure as TaskFailure {
            return AttemptEnd(
                attempt: launch.attempt, state: .failed, reason: failure.reason, isRetryable: failure.isRetryable,
                exitCode: failure.exitCode, failureKind: failure.kind)
        } catch is CancellationError {
            return AttemptEnd(attempt: launch.attempt, state: .failed, reason: "cancelled", isRetryable: false)
        } catch {
            // An operator whose call was cut off by the cancellation may throw whatever that call throws.
            return Task.isCancelled
                ? AttemptEnd(attempt: launch.attempt, state: .failed, reason: "cancelled", isRetryable: false)
                : AttemptEnd(attempt: launch.attempt, state: .failed, reason: "\(error)")
        }
    }

    @concurrent
    package func makeDead(_ attempts: [OrphanedAttempt]) async throws {
        let instance = processes.instance
        try await OrphanKiller(instance: instance).makeDead(attempts)
    }

    private func carryOut(
        _ launch: AttemptLaunch, _ log: TaskLog, named: @escaping @Sendable (String?) -> Void
    ) async throws -> TaskResult {
        try Task.checkCancellation()
        let context = TaskContext(launch: launch, log: log, processes: processes)
        let renderer = renderer
        let registry = registry
        try registry.checkKnows(launch)
        let body: @Sendable () async throws -> TaskResult = {
            let arguments = try await renderer.render(launch, log: log)
            named(await renderer.mapName(of: launch, arguments: arguments, log: log))
            return try await registry.make(launch, arguments: arguments).execute(context)
        }
        guard let timeout = launch.task.executionTimeout else { return try await body() }
        return try await Self.within(timeout, body)
    }

    /// Runs the body for at most `timeout`; then it is cancelled, waited for, and the try fails, whatever it returned.
    private static func within(
        _ timeout: Duration, _ body: @escaping @Sendable () async throws -> TaskResult
    ) async throws -> TaskResult {
        try await withThrowingTaskGroup(of: TaskResult?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await TimeLimits.shared.wait(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            if let first = try await group.next(), let result = first { return result }
            group.cancelAll()
            // The operator stops what it started before the try may count as ended.
            let after = await group.nextResult()
            if case .failure(let failure as TaskFailure)? = after {
                throw TaskFailure("timed out after \(timeout.humanText())", exitCode: failure.exitCode, kind: .timeout)
            }
            throw TaskFailure("timed out after \(timeout.humanText())", kind: .timeout)
        }
    }
}
