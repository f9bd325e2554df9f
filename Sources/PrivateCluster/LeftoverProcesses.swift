import Glibc

/// PostgreSQL processes of a data directory that an earlier process of ours left behind.
///
/// A `kill -9` of our process leaves the whole server, one of the postmaster leaves its backends, which keep the shared
/// memory in use. They are told by what cannot be forged or reused: working directory (PostgreSQL's processes stay in
/// their data directory) and executable, never by a pid in a file alone.
enum LeftoverProcesses {
    /// Their ids, in no order.
    ///
    /// The directory may be given with symbolic links.
    static func find(dataDirectory: String) -> [pid_t] {
        guard let real = FileSystem.realPath(dataDirectory) else { return [] }
        return (FileSystem.list("/proc") ?? []).compactMap { name in
            guard let id = pid_t(name), id != getpid(), isServer(id, realDataDirectory: real) else { return nil }
            return id
        }
    }

    /// Kills what still initialises a directory: an initdb outlives a `kill -9` of ours too.
    ///
    /// Its work is discarded anyway.
    static func killInitializers(directory: String) {
        for name in FileSystem.list("/proc") ?? [] {
            guard let id = pid_t(name), id != getpid(),
                let executable = FileSystem.linkTarget("/proc/\(id)/exe"), FileSystem.name(of: executable) == "initdb",
                let command = FileSystem.read("/proc/\(id)/cmdline"),
                command.split(separator: "\0").contains("--pgdata=\(directory)")
            else { continue }
            kill(id, SIGKILL)
        }
    }

    static func isServer(_ id: pid_t, realDataDirectory: String) -> Bool {
        guard FileSystem.linkTarget("/proc/\(id)/cwd") == realDataDirectory,
            let executable = FileSystem.linkTarget("/proc/\(id)/exe")
        else { return false }
        // After an upgrade of the package the running program's file is gone: "…/postgres (deleted)".
        let name = FileSystem.name(of: executable)
        return name == "postgres" || name == "postgres (deleted)"
    }

    /// Ends them: a fast shutdown for a postmaster that still lives, TERM for backends without one, then harder means.
    ///
    /// Returns what was found at first. Throws `CancellationError` when cancelled, `PrivateClusterError` (`startFailed`)
    /// when something does not even die of KILL (it hangs in the kernel, or belongs to another user).
    @discardableResult
    static func end(dataDirectory: String) async throws -> [pid_t] {
        let found = find(dataDirectory: dataDirectory)
        guard !found.isEmpty else { return [] }
        let postmaster = PostmasterFile(dataDirectory: dataDirectory)?.processID
        var rest = found
        if let postmaster, rest.contains(postmaster) {
            for (signal, milliseconds) in [(SIGINT, 3_000), (SIGQUIT, 1_000)] where rest.contains(postmaster) {
                kill(postmaster, signal)
                rest = try await wait(milliseconds: milliseconds, dataDirectory: dataDirectory)
            }
        }
        for (signal, milliseconds) in [(SIGTERM, 1_000), (SIGKILL, 5_000)] where !rest.isEmpty {
            for id in rest { kill(id, signal) }
            rest = try await wait(milliseconds: milliseconds, dataDirectory: dataDirectory)
        }
        guard rest.isEmpty else {
            let list = rest.map(String.init).joined(separator: ", ")
            throw PrivateClusterError(
                .startFailed, "An earlier PostgreSQL still uses \(dataDirectory) and does not end: process \(list).",
                advice: "End it, or restart the machine.")
        }
        return found
    }

    /// Waits until none is left; returns those that are when the time is over.
    ///
    /// They are not our children, so there is no event to wait for: /proc is looked at every 10 ms.
    private static func wait(milliseconds: Int, dataDirectory: String) async throws -> [pid_t] {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(milliseconds)
        while true {
            let rest = find(dataDirectory: dataDirectory)
            if rest.isEmpty || clock.now >= deadline { return rest }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
