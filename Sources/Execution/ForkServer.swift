import Glibc
import Synchronization

/// Starts shells as forks of one that stands ready, instead of loading the program anew for each.
///
/// Two thirds of the time that `sh -c true` takes go to the loader and the C library, before the shell itself begins. So a
/// shell is kept that has this behind it and forks whenever it is asked to (`forkserver.c`, which is preloaded into it). What
/// runs is the same shell with its own process number, session, directory and environment, and a child of this process;
/// only where its memory lies is the same for all. Where that library or its preloading is not to be had, shells are started
/// like other programs.
package final class ForkServer: Sendable {
    private enum Shell {
        case ready(ForkServerConnection)
        case unavailable
    }

    private let library: String
    /// The first entry of every environment.
    private let mark: (name: String, value: String)?
    private let environmentSize: Int
    private let patience: Duration
    /// By the path of the program.
    ///
    /// Held while a fork is asked for: one at a time.
    private let shells = Mutex<[String: Shell]>([:])

    /// What is kept free for what tasks have in addition to the environment of all.
    private static let ownVariables = 6_144
    private static let longestScript = 4_096
    private static let mostVariables = 1_000
    /// They change how programs are loaded, so a shell with one of them is loaded.
    private static let loaderVariables = ["LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES"]

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
        let answer = shells.withLock { shells -> ForkServerConnection.Answer? in
            // A shell that was killed is replaced; one that does not live to its first answer will not.
            for _ in 0..<2 {
                guard let connection = connection(to: command.executable, &shells) else { return nil }
                if let answer = connection.ask(request) { return answer }
                shells[command.executable] = nil
            }
            shells[command.executable] = .unavailable
            return nil
        }
        switch answer {
        case .started(let pid): return pid
        case .failed(let code): throw ChildSpawner.failure(code, command)
        case .refused, nil: return nil
        }
    }

    private func connection(to path: String, _ shells: inout [String: Shell]) -> ForkServerConnection? {
        switch shells[path] {
        case .ready(let connection): return connection
        case .unavailable: return nil
        case nil:
            // As long as the longest script, for that is written over it.
            let note = "# cryptoflow: shell tasks are forked from this process "
            let script = note + String(repeating: " ", count: Self.longestScript - note.utf8.count)
            var environment = mark.map { ["\($0.name)=\($0.value)"] } ?? []
            environment += ["LD_PRELOAD=\(library)", "LD_BIND_NOW=1", "CRYPTOFLOW_FORK_SERVER="]
            let size = environment.reduce(0) { $0 + $1.utf8.count + 1 }
            environment[environment.count - 1] += String(repeating: " ", count: max(0, environmentSize - size))
            let connection = ForkServerConnection(
                shell: path, script: script, environment: environment, patience: patience)
            shells[path] = connection.map { .ready($0) } ?? .unavailable
            return connection
        }
    }

    /// The request as `forkserver.c` reads it; nil when that cannot be done by a fork.
    private func request(for command: ChildCommand) -> [UInt8]? {
        guard command.arguments.count == 2, command.arguments[0] == "-c", Self.isShell(command.executable),
            command.arguments[1].utf8.count <= Self.longestScript, command.environment.count < Self.mostVariables,
            Self.loaderVariables.allSatisfy({ command.environment[$0] == nil })
        else { return nil }
        var request: [UInt8] = []
        request.reserveCapacity(environmentSize + Self.longestScript)
        func append(_ text: String) {
            request += text.utf8
            request.append(0)
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
        return request.count - start <= environmentSize ? request : nil
    }

    private static func isShell(_ path: String) -> Bool {
        ["sh", "bash", "dash"].contains(path.split(separator: "/").last ?? "")
    }
}
