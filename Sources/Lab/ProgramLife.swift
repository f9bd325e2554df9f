import Dispatch
import Glibc
import PrivateCluster
import Synchronization

/// A child of this process until it has been collected.
final class ProgramLife: Sendable {
    private struct State {
        /// Whether the number still belongs to it: a signal hits nobody else.
        var isThere = true
        var ending: ExitStatus?
        var waiters: [CheckedContinuation<ExitStatus, Never>] = []
    }

    private let pid: pid_t
    private let state = Mutex(State())

    /// Notes the end of a child that was just started.
    init(_ pid: pid_t) {
        self.pid = pid
        StartedPrograms.add(self)
        DispatchQueue(label: "lab.program").async { self.collect() }
    }

    private func collect() {
        // First seen, then taken note of, and only then collected: until then the number is its own.
        var facts = siginfo_t()
        while waitid(P_PID, id_t(pid), &facts, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        state.withLock { $0.isThere = false }
        StartedPrograms.remove(self)
        var status: Int32 = 0
        var collected: pid_t
        repeat { collected = waitpid(pid, &status, 0) } while collected < 0 && errno == EINTR
        let ending: ExitStatus = collected == pid ? ExitStatus(waitStatus: status) : .unknown
        let waiters = state.withLock { state in
            state.ending = ending
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: ending) }
    }

    var ending: ExitStatus? { state.withLock { $0.ending } }

    func signal(_ number: Int32) {
        state.withLock { if $0.isThere { kill(pid, number) } }
    }

    func wait() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let ending = state.withLock { state in
                if state.ending == nil { state.waiters.append(continuation) }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }
}
