import CLinux
import CivilTime
import Dispatch
import Glibc
import Synchronization

/// A program run in a session of its own, whose whole session ends with it.
///
/// The child's output goes straight into a file that it opens itself, so it survives our death and no pipe can break.
/// When the program ends, whatever it left running in its session (or with the same attempt in its environment) is
/// killed before the end is reported: nothing of an attempt outlives it. `ChildReaper` watches all of them.
package final class ChildProcess: Sendable {
    /// Names the process beyond its number.
    package let record: ProcessRecord
    let pid: Int32
    let outputPath: String
    let outputLimit: Int64?
    /// The environment entry that marks the descendants, `CRYPTOFLOW_ATTEMPT=…`; nil when the command has none.
    let marker: [UInt8]?

    private struct State {
        var exit: ChildExit?
        var leftNothing = false
        var waiters: [CheckedContinuation<ChildExit, Never>] = []
        /// When those that were asked to stop are killed; nil while nobody asked.
        var stopDeadline: DispatchTime?
        var isReaped = false
    }

    private let state = Mutex(State())

    private init(record: ProcessRecord, command: ChildCommand, marker: [UInt8]?) {
        self.record = record
        pid = record.pid
        outputPath = command.outputPath
        outputLimit = command.outputLimit
        self.marker = marker
    }

    /// The name of the environment entry that marks the processes of an attempt.
    package static let attemptVariable = "CRYPTOFLOW_ATTEMPT"

    /// Starts a program.
    ///
    /// Throws ``ChildSpawnError`` when that is impossible.
    @concurrent
    package static func spawn(_ command: ChildCommand) async throws -> ChildProcess {
        guard let threads = ProcessThreads.shared else {
            throw ChildSpawnError(
                description: "cannot start \(command.executable): this process may have no more threads or open files",
                isRetryable: true)
        }
        return try await withTaskExecutorPreference(threads) { try start(command, watchedBy: threads) }
    }

    private static func start(
        _ command: ChildCommand, watchedBy threads: ProcessThreads
    ) throws(ChildSpawnError) -> ChildProcess {
        let reaper = ChildReaper.shared
        var forked: Int32?
        if let server = command.forkServer { forked = try server.spawn(command) }
        let pid = if let forked { forked } else { try ChildSpawner.spawn(command) }
        // Unreaped until the reaper hears of it, so the number is still the child's.
        let ticks = ProcessTable.entry(pid)?.startTicks ?? 0
        let record = ProcessRecord(
            host: ProcessTable.hostName, bootID: ProcessTable.bootID, pid: pid, startTicks: ticks)
        let marker = command.environment[attemptVariable].map { [UInt8]("\(attemptVariable)=\($0)".utf8) }
        let child = ChildProcess(record: record, command: command, marker: marker)
        try reaper.watch(child, on: threads)
        return child
    }

    /// Returns once the program and everything it left behind have ended.
    package func wait() async -> ChildExit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state -> ChildExit? in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Whether it has ended and certainly nothing that descends from it lives.
    var leftNothing: Bool { state.withLock { $0.leftNothing } }

    /// Asks the program and its descendants to stop (TERM), and kills what is left after `grace`.
    ///
    /// Returns at once; a second call changes nothing.
    package func stop(grace: Duration) {
        let deadline =
            DispatchTime.now() + .microseconds(Int(clamping: max(0, min(grace, .seconds(86_400)).wholeMicroseconds)))
        let isFirst = state.withLock { state in
            guard state.stopDeadline == nil, !state.isReaped else { return false }
            state.stopDeadline = deadline
            // Under the lock that reaping takes too, so the number is still the child's.
            kill(-pid, SIGTERM)
            return true
        }
        guard isFirst else { return }
        ChildReaper.cleaning.async {
            // Those that left the group.
            for member in self.descendants() where member.group != self.pid { Self.signal(member, SIGTERM) }
        }
        ChildReaper.cleaning.asyncAfter(deadline: deadline) {
            self.state.withLock { state in
                if !state.isReaped { _ = kill(-self.pid, SIGKILL) }
            }
            for member in self.descendants() where member.group != self.pid { Self.signal(member, SIGKILL) }
        }
    }

    // MARK: - For the reaper

    /// When the grace of a stop ends; nil when nobody asked to stop.
    var stopDeadline: DispatchTime? { state.withLock { $0.stopDeadline } }

    /// Kills the program's process group.
    ///
    /// Only before it is reaped.
    func killGroup() {
        state.withLock { state in
            if !state.isReaped { _ = kill(-pid, SIGKILL) }
        }
    }

    /// Frees the process number, and says how the program ended.
    func reap() -> ChildExit {
        state.withLock { state in
            var code: Int32 = 0
            var status: Int32 = 0
            let found = cryptoflow_wait(pid, WEXITED | WNOHANG, &code, &status)
            state.isReaped = true
            // Stolen by someone who waits for any child: the status is lost, and success must not be claimed.
            guard found == pid else { return .code(255) }
            return code == CLD_EXITED ? .code(status) : .signal(status)
        }
    }

    func finish(_ exit: ChildExit, leftNothing: Bool) {
        let waiters = state.withLock { state in
            state.exit = exit
            state.leftNothing = leftNothing
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    /// The living members of the child's session, and every process with its marker, the child itself left out.
    func descendants() -> [ProcessTable.Entry] {
        ProcessTable.all().filter { !$0.isZombie && isDescendant($0) }
    }

    func isDescendant(_ entry: ProcessTable.Entry) -> Bool {
        guard entry.pid != pid, entry.pid != getpid() else { return false }
        if entry.session == pid { return true }
        guard let marker, entry.startTicks >= record.startTicks else { return false }
        return ProcessTable.environment(of: entry.pid, contains: marker)
    }

    /// Signals exactly this process: not another one that got its number.
    static func signal(_ entry: ProcessTable.Entry, _ number: Int32) {
        let descriptor = cryptoflow_pidfd_open(entry.pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard ProcessTable.entry(entry.pid)?.startTicks == entry.startTicks else { return }
        cryptoflow_pidfd_kill(descriptor, number)
    }
}
