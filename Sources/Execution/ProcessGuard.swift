import CProcessGuard
import Glibc
import Synchronization

/// Kills the processes of this program's tasks when the program cannot: when it was killed, or stands still past its
/// deadline.
///
/// The guard is a process of its own; see `cprocessguard_start`.
package final class ProcessGuard: Sendable {
    /// The environment entry that every guarded process must carry.
    package static let variable = "CRYPTOFLOW_GUARD"

    /// The value of ``variable`` for this program's tasks.
    package let marker: String

    private struct State {
        var connection: Int32 = -1
        var deadline = Int64.max
    }

    private let state = Mutex(State())

    /// Starts the guard.
    ///
    /// Throws a sentence when that is impossible.
    package init() throws(ProcessGuardError) {
        let half = { String(UInt64.random(in: .min ... .max), radix: 36) }
        marker = half() + half()
        let problem = state.withLock { Self.start(marker, &$0) }
        if problem != 0 { throw ProcessGuardError(problem) }
    }

    deinit {
        // Its end of the connection ends the guard, and with it what is left of the tasks.
        state.withLock { if $0.connection >= 0 { close($0.connection) } }
    }

    /// Lets the processes live for `time` from now, by a clock that goes on while the machine sleeps.
    ///
    /// A guard that was killed is started again.
    package func allow(_ time: Duration) {
        let deadline = cprocessguard_now() + time.wholeNanoseconds
        state.withLock { state in
            state.deadline = deadline
            guard cprocessguard_set_deadline(state.connection, deadline) != 0 else { return }
            if state.connection >= 0 { close(state.connection) }
            state.connection = -1
            _ = Self.start(marker, &state)
        }
    }

    private static func start(_ marker: String, _ state: inout State) -> Int32 {
        var pid: pid_t = 0
        var connection: Int32 = -1
        let problem = cprocessguard_start(&pid, &connection, "\(variable)=\(marker)")
        guard problem == 0 else { return problem }
        state.connection = connection
        return cprocessguard_set_deadline(connection, state.deadline)
    }
}

/// Why processes cannot be guarded.
package struct ProcessGuardError: Error, CustomStringConvertible {
    private let code: Int32

    init(_ code: Int32) { self.code = code }

    package var description: String {
        "the process that guards tasks cannot be started: \(String(cString: strerror(code))); is /proc mounted?"
    }
}

extension Duration {
    /// Rounded towards zero, and clamped.
    fileprivate var wholeNanoseconds: Int64 {
        let parts = components
        let (seconds, overflow) = parts.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : seconds + parts.attoseconds / 1_000_000_000
    }
}
