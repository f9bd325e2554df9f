package import DAGModel

/// Carries out attempts: on this machine (`LocalExecutor`), later on others.
package protocol Executor: Sendable {
    /// Carries out one attempt and returns when it has ended, whatever happened to it. Cancelling the Swift task stops
    /// the attempt, its whole process group included, and it then returns `failed`.
    func run(_ launch: AttemptLaunch) async -> AttemptEnd

    /// The threads that an attempt is best carried out on: the Swift task that calls ``run(_:)`` should prefer them. Nil
    /// for the usual ones.
    func threads(for launch: AttemptLaunch) -> (any TaskExecutor)?

    /// Makes sure that attempts of an earlier leader on this host are dead, before they are declared lost: processes by
    /// record and environment, never by process id alone. Throws when it cannot be sure.
    func makeDead(_ attempts: [OrphanedAttempt]) async throws

    /// Does what is to be done beside the attempts while a leader leads; returns once its task is cancelled.
    func attend() async

    /// Lets go of attempts that go on without this process: their ``run(_:)`` returns with the state `running`, and the next
    /// leader takes them up by calling it again.
    func letGo() async
}

extension Executor {
    package func threads(for launch: AttemptLaunch) -> (any TaskExecutor)? { nil }

    package func attend() async {
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
    }

    package func letGo() async {}
}

/// An attempt whose leader is gone.
package struct OrphanedAttempt: Sendable, Hashable {
    package let attempt: AttemptID
    /// The process as recorded after its spawn; nil when that was not written in time or it never had one.
    package let process: ProcessRecord?

    package init(attempt: AttemptID, process: ProcessRecord?) {
        self.attempt = attempt
        self.process = process
    }
}

/// What identifies a process beyond its number, which the kernel uses again.
package struct ProcessRecord: Sendable, Hashable, Codable {
    package let host: String
    /// /proc/sys/kernel/random/boot_id.
    package let bootID: String
    package let pid: Int32
    /// Start time in clock ticks since boot: field 22 of /proc/PID/stat.
    package let startTicks: UInt64

    package init(host: String, bootID: String, pid: Int32, startTicks: UInt64) {
        self.host = host
        self.bootID = bootID
        self.pid = pid
        self.startTicks = startTicks
    }
}

/// Told of each process right after its spawn, so that a later leader can find it.
package protocol ProcessRecorder: Sendable {
    /// Queues the record for the next commit; does not wait for it.
    func spawned(_ process: ProcessRecord, for attempt: AttemptID)
}

/// Where outputs of upstream tasks are read from.
package protocol OutputReader: Sendable {
    /// The output of a task instance under `key` (`return_value` when the document names none); nil when there is none.
    func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue?

    /// The outputs of a mapped task's instances, by map index; instances without one are left out.
    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue]
}

/// Where `var.value.NAME` and `var.json.NAME` are read from.
package protocol VariableReader: Sendable {
    /// The text of a variable; nil when there is none.
    func variable(named name: String) async throws -> String?
}
