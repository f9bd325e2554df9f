import CLinux
import Glibc

/// A shell that stands ready to fork, and the way to ask it.
final class ForkServerConnection: Sendable {
    enum Answer {
        /// The shell that was asked for runs as this process, a child of ours.
        case started(Int32)
        /// An errno value: it could not be made ready.
        case failed(Int32)
        /// The request does not fit, or no fork can be made; nothing runs.
        case refused
        /// Forks are not children of ours here; nothing runs.
        case impossible
        /// The shell that stood ready has ended; nothing runs.
        case ended
        /// No answer came in time, and none will; nothing runs.
        case silent
    }

    private let socket: Int32
    /// The shell itself, whatever becomes of its number.
    private let process: Int32

    /// How long it may take until it stands ready.
    private static let startPatience = Duration.seconds(10)

    /// Starts the shell and waits until it stands ready.
    ///
    /// Nil when it does not, for whatever reason.
    /// - Parameter patience: how long an answer may take later.
    init?(shell: String, script: String, environment: [String], patience: Duration) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        socket = ends[0]
        let pid = ChildSpawner.spawn(shell, ["-c", script], environment: environment, connection: ends[1])
        close(ends[1])
        process = pid.map { cryptoflow_pidfd_open($0) } ?? -1
        limitWaiting(to: Self.startPatience)
        guard pid != nil, case .started = receive() else { return nil }
        limitWaiting(to: patience)
    }

    /// The shell ends with its connection, and the reaper's sweep finds it.
    deinit {
        close(socket)
        if process >= 0 { close(process) }
    }

    /// Blocks.
    func ask(_ request: [UInt8]) -> Answer {
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            return errno == EMSGSIZE ? .refused : .ended
        }
        let answer = receive()
        guard case .silent = answer else { return answer }
        // A fork that cannot say any more that it is there ends without having run.
        if process >= 0 { cryptoflow_pidfd_kill(process, SIGKILL) }
        shutdown(socket, Int32(SHUT_RDWR))
        let last = receive()
        if case .ended = last { return .silent }
        return last
    }

    private func limitWaiting(to duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func receive() -> Answer {
        // As `struct answer` of forkserver.c.
        var answer: (pid: Int32, error: Int32) = (0, 0)
        let size = MemoryLayout.size(ofValue: answer)
        var count = 0
        repeat { count = recv(socket, &answer, size, 0) } while count < 0 && errno == EINTR
        guard count == size else { return count < 0 && errno == EAGAIN ? .silent : .ended }
        guard answer.error != 0 else { return .started(answer.pid) }
        // Its parent is the shell that stands ready, and waits for nobody.
        if answer.error == ENOSYS { return .impossible }
        // Without a fork the machine may have no more processes, or not know this way to make one.
        guard answer.pid > 0 else { return .refused }
        var code: Int32 = 0
        var status: Int32 = 0
        cryptoflow_wait(answer.pid, WEXITED, &code, &status)
        return answer.error == E2BIG || answer.error == EPROTO ? .refused : .failed(answer.error)
    }
}
