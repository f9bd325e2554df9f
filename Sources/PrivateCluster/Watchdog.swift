import Glibc

/// A small shell in a session of its own that stops a postmaster when this process is gone, however it went.
///
/// PostgreSQL lives in its own session, so a `kill -9` of ours would leave it running with nobody to look after it. The
/// shell reads from a pipe whose other end only we hold: its end is the event, nothing polls, and no signal handler or
/// atexit has to run. Killing the shell dismisses it. Before it signals it checks that the pid still works in that data
/// directory, so it never hits a stranger; the next start copes without it too (`LeftoverProcesses`).
final class Watchdog: Sendable {
    /// What happens to the files when our process is gone.
    enum Aftermath: Sendable, Hashable {
        case keep
        /// This folder is removed, after an immediate stop: for tests.
        case remove(String)
    }

    private let pipe: Int32
    /// The shell.
    let process: ChildProcess

    private static let stopServer = """
        read -r line
        alive() { [ "$(readlink "/proc/$1/cwd")" = "$2" ]; }
        alive "$1" "$2" && kill -s "$3" "$1"
        i=0
        while alive "$1" "$2" && [ $i -lt 300 ]; do sleep 0.01; i=$((i + 1)); done
        alive "$1" "$2" && kill -s QUIT "$1" && sleep 1
        [ -z "$4" ] && exit 0
        alive "$1" "$2" && kill -s KILL "$1"
        rm -rf -- "$4" || { sleep 1; rm -rf -- "$4"; }
        """

    /// The initdb leads a process group, with the servers that it starts; its command line names the directory.
    private static let killInitializer = """
        read -r line
        grep -aqF -- "$2" "/proc/$1/cmdline" && kill -s KILL -- "-$1"
        [ -z "$3" ] && exit 0
        rm -rf -- "$3" || { sleep 1; rm -rf -- "$3"; }
        """

    /// Looks after a server: a fast shutdown, or an immediate one when the files go anyway.
    convenience init(postmaster: pid_t, dataDirectory: String, aftermath: Aftermath) throws(PrivateClusterError) {
        let data = FileSystem.realPath(dataDirectory) ?? dataDirectory
        switch aftermath {
        case .keep: try self.init(script: Self.stopServer, arguments: ["\(postmaster)", data, "INT", ""])
        case .remove(let folder):
            try self.init(script: Self.stopServer, arguments: ["\(postmaster)", data, "QUIT", folder])
        }
    }

    /// Looks after an initdb, whose work nobody will want: it is killed.
    convenience init(initializer: pid_t, directory: String, aftermath: Aftermath) throws(PrivateClusterError) {
        var removed = ""
        if case .remove(let folder) = aftermath { removed = folder }
        try self.init(script: Self.killInitializer, arguments: ["\(initializer)", directory, removed])
    }

    private init(script: String, arguments: [String]) throws(PrivateClusterError) {
        guard let (reader, writer) = ChildProcess.closeOnExecPipe() else {
            throw PrivateClusterError(.startFailed, "The database's watchdog cannot be started: \(errorText(errno)).")
        }
        defer { close(reader) }
        do {
            process = try ChildProcess("/bin/sh", ["-c", script, "cryptoflow-watchdog"] + arguments, input: reader)
        } catch {
            close(writer)
            throw error
        }
        pipe = writer
    }

    /// Sends it away; the postmaster is no longer its business.
    func dismiss() { process.signal(SIGKILL) }

    deinit { close(pipe) }
}
