import CChildSpawn
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// A program that a test has started: what it writes, line by line, and how it ends.
///
/// It runs in a session of its own and inherits nothing but what is given. Threads of dispatch queues read and wait, so a
/// test waits for events: a line, the end.
final class Program: Sendable {
    /// Something that did not come, with what was written instead.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var lines: [String] = []
        var text: [[UInt8]] = [[], []]
        var openOutputs = 2
        var exitCode: Int32?
        var version = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    /// The process id, also that of its session.
    let pid: Int32
    private let name: String
    private let state = Mutex(State())

    /// - Parameter input: an open descriptor for its standard input, which stays the caller's; /dev/null unless given.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String], directory: String,
        input: Int32 = -1
    ) throws {
        name = ([String(executable.split(separator: "/").last ?? "")] + arguments.prefix(3)).joined(separator: " ")
        let output = try Self.pipe()
        let errors = try Self.pipe()
        var child: pid_t = 0
        let failure = Self.withCStrings([executable] + arguments) { argv in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                cchildspawn_start(&child, executable, argv, envp, directory, input, output.write, errors.write)
            }
        }
        close(output.write)
        close(errors.write)
        guard failure == 0 else {
            close(output.read)
            close(errors.read)
            throw Failure(description: "\(executable) cannot be started: \(String(cString: strerror(failure)))")
        }
        pid = child
        for (index, descriptor) in [output.read, errors.read].enumerated() {
            DispatchQueue(label: "test.program.output").async { self.read(descriptor, into: index) }
        }
        DispatchQueue(label: "test.program.end").async { self.reap() }
    }

    // MARK: - What is known

    /// Every line so far, of both outputs as they came.
    var lines: [String] { state.withLock { $0.lines } }
    /// Whether it has ended.
    var hasEnded: Bool { state.withLock { $0.exitCode != nil } }

    /// Sends a signal, if it still lives.
    func signal(_ number: Int32) {
        // Under the lock: the process is not collected before its end is noted, so the number is nobody else's.
        state.withLock { if $0.exitCode == nil { _ = kill(pid, number) } }
    }

    /// Stops it with SIGSTOP, and returns once no thread of it runs: on a busy machine that is a while after the signal.
    func standStill() async throws {
        signal(SIGSTOP)
        while !hasEnded, !Self.isStopped(pid) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private static func isStopped(_ pid: pid_t) -> Bool {
        let folder = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                let text = FileManager.default.contents(atPath: "\(folder)/\(thread)/stat") ?? Data()
                // The state follows the name, which may hold anything but ends with the last bracket.
                return String(decoding: text, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") ?? true
            }
    }

    // MARK: - Waiting

    /// Waits for a line that contains this, and returns it.
    ///
    /// Throws when the program ends without it.
    @discardableResult
    func line(containing text: String, after skipped: Int = 0) async throws -> String {
        let found = try await until("a line with \"\(text)\"") { state -> String?? in
            if let line = state.lines.dropFirst(skipped).first(where: { $0.contains(text) }) { return .some(line) }
            return state.openOutputs == 0 ? .some(nil) : nil
        }
        guard let found else { throw failure("ended without a line with \"\(text)\"") }
        return found
    }

    /// Waits for its end; a signal's number is counted as 128 more, as shells do.
    @discardableResult
    func end() async throws -> Int32 {
        try await until("its end") { $0.exitCode }
    }

    /// Waits for its end and for the end of its outputs.
    func finish() async throws -> (code: Int32, output: String, errors: String) {
        try await until("its end") { state in
            guard let code = state.exitCode, state.openOutputs == 0 else { return nil }
            return (
                code, String(decoding: state.text[0], as: UTF8.self), String(decoding: state.text[1], as: UTF8.self)
            )
        }
    }

    /// An error with the last lines of the program.
    func failure(_ sentence: String) -> Failure {
        let last = lines.suffix(25).map { "    " + $0 }.joined(separator: "\n")
        return Failure(description: "\(name): \(sentence); it wrote last:\n\(last)")
    }

    private func until<Value>(_ what: String, _ probe: (State) -> Value?) async throws -> Value {
        while true {
            let (value, version) = state.withLock { (probe($0), $0.version) }
            if let value { return value }
            if Task.isCancelled {
                // Of a test whose time is over, only what is recorded is shown.
                let failure = failure("waited in vain for \(what)")
                Issue.record("\(failure)")
                throw failure
            }
            await change(since: version)
        }
    }

    private func change(since version: Int) async {
        let ticket = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    if state.version != version || Task.isCancelled { return true }
                    state.waiters[ticket] = continuation
                    return false
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            state.version += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: - Threads

    private func read(_ descriptor: Int32, into index: Int) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var rest: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            var lines: [String] = []
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
            update { state in
                state.text[index] += buffer[..<count]
                state.lines += lines
            }
        }
        close(descriptor)
        let last = rest.isEmpty ? [] : [String(decoding: rest, as: UTF8.self)]
        update { state in
            state.lines += last
            state.openOutputs -= 1
        }
    }

    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1 && errno == EINTR {}
        update { state in
            var raw: Int32 = 0
            waitpid(pid, &raw, 0)
            state.exitCode = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
        }
    }

    /// A pipe whose ends no other child inherits.
    static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: String(cString: strerror(errno))) }
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
