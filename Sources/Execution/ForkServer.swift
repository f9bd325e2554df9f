import Glibc
import Synchronization

/// Starts shells as forks of one that stands ready, instead of loading the program anew for each.
///
/// More than half of the time that `sh -c true` takes goes to the loader and the C library, before the shell itself begins. So a
/// shell is kept that has this behind it and forks whenever it is asked to (`forkserver.c`, which is preloaded into it). What
/// runs is the same shell with its own process number, session, directory and environment, and a child of this process;
/// only where its memory lies is the same for all. Where that library or its preloading is not to be had, shells are started
/// like other programs.
package final class ForkServer: Sendable {
    /// One that stands ready, started by the first request.
    private final class Shell: Sendable {
        enum State {
            case unused
            case ready(ForkServerConnection)
            case unavailable(until: ContinuousClock.Instant)
        }
        /// Held while a fork is asked for: one at a time.
        let state = Mutex(State.unused)
    }

    private let library: String
    /// The first entry of every environment.
    private let mark: (name: String, value: String)?
    private let environmentSize: Int
    private let patience: Duration
    /// By the path of the program.
    private let shells = Mutex<[String: Shell]>([:])

    /// How long shells are loaded after one did not stand ready or did not answer.
    private static let pause = Duration.seconds(60)
    /// What is kept free for what tasks have in addition to the environment of all.
    private static let ownVariables = 6_144
    private static let longestScript = 4_096
    private static let mostVariables = 1_000

    /// Nil where the library is not to be found.
    ///
    /// - Parameters:
    ///   - environment: what most tasks are given.
    ///   - mark: an entry of every environment that shall be found in the shell that stands ready, too, and in its forks at any
    ///     time.
    ///   - patience: how long an answer may take. A fork takes a tenth of a millisecond.
    package init?(
        library: String? = ForkServer.installedLibrary, environment: [String: String],
        mark: (name: String, value: String)? = nil, patience: Duration = .seconds(10)
    ) {
        guard let library, access(library, R_OK) == 0 else { return nil }
        self.library = library
        self.mark = mark
        self.patience = patience
        environmentSize = environment.reduce(Self.ownVariables) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
    }

    /// Beside this program, or where `make install` puts it.
    package static let installedLibrary: String? = {
        let name = "libcryptoflow-forkserver.so"
        guard let program = OwnProgram.path, let slash = program.lastIndex(of: "/") else { return nil }
        let folder = program[..<slash]
        return ["\(folder)/\(name)", "\(folder)/../lib/cryptoflow/\(name)"].first { access($0, R_OK) == 0 }
    }()

    /// Starts the command and returns its process number; nil when it must be started like any program.
    ///
    /// Blocks until it runs.
    func spawn(_ command: ChildCommand) throws(ChildSpawnError) -> Int32? {
        guard let request = request(for: command) else { return nil }
        let shell = shells.withLock { shells in
            if let known = shells[command.executable] { return known }
            let new = Shell()
            shells[command.executable] = new
            return new
        }
        let answer = shell.state.withLock { state -> ForkServerConnection.Answer in
            // A shell that was killed is replaced, once: the next one would not live longer.
            for _ in 0..<2 {
                switch state {
                case .unavailable(let until) where ContinuousClock.now < until: return .refused
                case .unavailable, .unused:
                    state = start(command.executable).map { .ready($0) } ?? .unavailable(until: .now + Self.pause)
                case .ready: break
                }
                guard case .ready(let connection) = state else { return .refused }
                let answer = connection.ask(request)
                guard case .ended = answer else {
                    switch answer {
                    case .silent, .impossible: state = .unavailable(until: .now + Self.pause)
                    default: break
                    }
                    return answer
                }
                state = .unused
            }
            state = .unavailable(until: .now + Self.pause)
            return .refused
        }
        switch answer {
        case .started(let pid): return pid
        case .failed(let code): throw ChildSpawner.failure(code, command)
        case .refused, .impossible, .ended, .silent: return nil
        }
    }

    private func start(_ path: String) -> ForkServerConnection? {
        // As long as the longest script, for that is written over it.
        let note = "# cryptoflow: shell tasks are forked from this process "
        let script = note + String(repeating: " ", count: Self.longestScript - note.utf8.count)
        var environment = mark.map { ["\($0.name)=\($0.value)"] } ?? []
        environment += ["LD_PRELOAD=\(library)", "LD_BIND_NOW=1", "CRYPTOFLOW_FORK_SERVER="]
        let size = environment.reduce(0) { $0 + $1.utf8.count + 1 }
        environment[environment.count - 1] += String(repeating: " ", count: max(0, environmentSize - size))
        return ForkServerConnection(shell: path, script: script, environment: environment, patience: patience)
    }

    /// The request as `forkserver.c` reads it; nil when that cannot be done by a fork.
    private func request(for command: ChildCommand) -> [UInt8]? {
        guard command.arguments.count == 2, command.arguments[0] == "-c", Self.isShell(command.executable),
            command.arguments[1].utf8.count <= Self.longestScript, command.environment.count < Self.mostVariables,
            // They change how programs are loaded, so a shell with one of them is loaded.
            command.environment.keys.allSatisfy({ !$0.hasPrefix("LD_") && $0 != "GLIBC_TUNABLES" })
        else { return nil }
        var request: [UInt8] = []
        var texts = 0
        request.reserveCapacity(environmentSize + Self.longestScript)
        func append(_ text: String) {
            request += text.utf8
            request.append(0)
            texts += 1
        }
        append(command.workingDirectory ?? "")
        append(command.outputPath)
        append(command.arguments[1])
        let start = request.count
        if let mark {
            guard command.environment[mark.name] == mark.value else { return nil }
            append("\(mark.name)=\(mark.value)")
        }
        for (name, value) in command.environment where name != mark?.name {
            request += name.utf8
            request.append(UInt8(ascii: "="))
            append(value)
        }
        // A text with a zero byte in it would be taken for two.
        guard request.count(where: { $0 == 0 }) == texts else { return nil }
        return request.count - start <= environmentSize ? request : nil
    }

    private static func isShell(_ path: String) -> Bool {
        ["sh", "bash", "dash"].contains(path.split(separator: "/").last ?? "")
    }
}
