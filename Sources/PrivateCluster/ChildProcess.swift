import CChildSpawn
import Dispatch
import Glibc
import Synchronization

/// A child process in a session of its own, so that Ctrl-C in the terminal does not reach it.
///
/// A thread of a dispatch queue waits for it (never one of Swift's cooperative threads) and, when its output is captured,
/// reads that first. Nothing is inherited but what is given: environment, three descriptors, working directory `/`.
package final class ChildProcess: Sendable {
    /// Where the child's standard output and standard error go.
    enum Output: Sendable {
        case discarded
        /// An open descriptor; it stays the caller's to close.
        case descriptor(Int32)
        /// Kept in memory, the last 64 KiB of both together.
        case captured
    }

    private struct State {
        var status: ExitStatus?
        var output: [UInt8] = []
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<ExitStatus?, Never>] = [:]
    }

    private static let capturedBytes = 65_536

    /// The process id, also that of its session and process group.
    package let id: Int32
    private let state = Mutex(State())

    /// Starts a program; `executable` must be an absolute path.
    ///
    /// Throws `PrivateClusterError` (`startFailed`) with the system's reason when it cannot be started.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = ChildProcess.plainEnvironment,
        input: Int32 = -1, output: Output = .discarded
    ) throws(PrivateClusterError) {
        var reader: Int32 = -1
        var writer: Int32 = -1
        switch output {
        case .discarded: break
        case .descriptor(let descriptor): writer = descriptor
        case .captured:
            guard let pipe = Self.closeOnExecPipe() else {
                throw PrivateClusterError(.startFailed, "\(executable) cannot be started: \(errorText(errno)).")
            }
            (reader, writer) = pipe
        }
        var child: pid_t = 0
        let failure = Self.withCStrings([executable] + arguments) { argv in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                cchildspawn_start(&child, executable, argv, envp, "/", input, writer, writer)
            }
        }
        if case .captured = output { close(writer) }
        guard failure == 0 else {
            if reader >= 0 { close(reader) }
            throw PrivateClusterError(.startFailed, "\(executable) cannot be started: \(errorText(failure)).")
        }
        id = child
        watch(reader: reader)
    }

    /// What a child sees of the environment: no `PG*` variable of the user's shell can redirect it, messages are English
    /// (they are matched), and times are UTC.
    package static let plainEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "LANGUAGE": "C",
        "TZ": "UTC",
    ]

    /// How it ended; nil while it lives.
    package var status: ExitStatus? { state.withLock { $0.status } }

    /// What it wrote, when captured; complete once it has ended.
    var capturedText: String { String(decoding: state.withLock { $0.output }, as: UTF8.self) }

    /// Waits for the end; returns nil when the waiting task is cancelled first (the child lives on).
    package func wait() async -> ExitStatus? {
        let ticket = takeTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { add($0, ticket: ticket, unlessCancelled: true) }
        } onCancel: {
            give(nil, to: ticket)
        }
    }

    /// Waits for the end at most this long; returns nil when the time is over.
    ///
    /// Cancellation does not shorten it: it is what an orderly stop, itself often running in a cancelled task, relies
    /// on.
    func wait(atMostMilliseconds milliseconds: Int) async -> ExitStatus? {
        let ticket = takeTicket()
        return await withCheckedContinuation { continuation in
            add(continuation, ticket: ticket, unlessCancelled: false)
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                self.give(nil, to: ticket)
            }
        }
    }

    /// Sends a signal to the process, if it still lives.
    func signal(_ number: Int32) {
        // Under the lock, an id can only be reused after `status` is set: the zombie holds it until then.
        state.withLock { if $0.status == nil { _ = kill(id, number) } }
    }

    /// Sends a signal to the whole process group, if the process still lives.
    func signalGroup(_ number: Int32) {
        state.withLock { if $0.status == nil { _ = kill(-id, number) } }
    }

    private func watch(reader: Int32) {
        DispatchQueue(label: "cryptoflow.child.\(id)").async {
            if reader >= 0 { self.drain(reader) }
            // The zombie stays until `finish` has been told, so that `signal` never hits a stranger with the same id.
            var information = siginfo_t()
            var result: Int32 = 0
            repeat {
                result = waitid(P_PID, id_t(self.id), &information, WEXITED | WNOWAIT)
            } while result == -1 && errno == EINTR
            self.finish()
        }
    }

    private func drain(_ reader: Int32) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            state.withLock {
                $0.output.append(contentsOf: buffer[..<count])
                if $0.output.count > 2 * Self.capturedBytes {
                    $0.output.removeFirst($0.output.count - Self.capturedBytes)
                }
            }
        }
        close(reader)
    }

    private func finish() {
        let (status, waiters) = state.withLock { state in
            var raw: Int32 = 0
            let status: ExitStatus = waitpid(id, &raw, WNOHANG) == id ? ExitStatus(waitStatus: raw) : .unknown
            state.status = status
            defer { state.waiters = [:] }
            return (status, Array(state.waiters.values))
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    private func takeTicket() -> Int {
        state.withLock {
            $0.nextWaiter += 1
            return $0.nextWaiter
        }
    }

    private func add(_ continuation: CheckedContinuation<ExitStatus?, Never>, ticket: Int, unlessCancelled: Bool) {
        let status: ExitStatus?? = state.withLock { state in
            if let status = state.status { return .some(status) }
            // A cancellation that came before the continuation found nothing to resume; it is seen here.
            if unlessCancelled && Task.isCancelled { return .some(nil) }
            state.waiters[ticket] = continuation
            return nil
        }
        if let status { continuation.resume(returning: status) }
    }

    private func give(_ status: ExitStatus?, to ticket: Int) {
        state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: status)
    }

    /// A pipe whose ends no other child inherits: (reader, writer).
    static func closeOnExecPipe() -> (Int32, Int32)? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Children of ours are started with every other descriptor closed; this is for those started elsewhere.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}

extension ChildProcess {
    /// Runs a program to its end and returns how it ended and what it wrote.
    ///
    /// A cancelled task kills it and throws `CancellationError`; programs that cannot be started throw
    /// `PrivateClusterError`.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = ChildProcess.plainEnvironment
    ) async throws -> (status: ExitStatus, output: String) {
        let child = try ChildProcess(executable, arguments, environment: environment, output: .captured)
        guard let status = await child.wait() else {
            child.signalGroup(SIGKILL)
            _ = await child.wait(atMostMilliseconds: 1_000)
            throw CancellationError()
        }
        return (status, child.capturedText)
    }
}

/// The system's words for an errno value.
func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
