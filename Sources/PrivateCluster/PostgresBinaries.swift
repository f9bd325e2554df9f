import Glibc

/// The PostgreSQL server programs of one installation.
package struct PostgresBinaries: Sendable, Hashable {
    /// The folder that holds `postgres`, `initdb` and mostly `psql`.
    package let directory: String
    /// The major version that `postgres --version` told, such as 15.
    package let major: Int

    /// The apt command that brings them on Debian.
    package static let aptCommand = "apt-get install postgresql-15"
    /// The oldest major version that is accepted: it has every setting of `ClusterSettings`.
    package static let oldestMajor = 14

    /// The server.
    var postgres: String { directory + "/postgres" }
    /// What creates a cluster.
    var initdb: String { directory + "/initdb" }
    /// The terminal client.
    package var psql: String { directory + "/psql" }
    /// Writes a database to a file, and back.
    package var dump: String { directory + "/pg_dump" }
    package var restore: String { directory + "/pg_restore" }

    /// Finds the programs: the newest in Debian's folders, then where `pg_config` points, then along `PATH`.
    ///
    /// Debian's folders come first because a lone `initdb` elsewhere on the path may not find its siblings. With `major`,
    /// only that version counts (an existing cluster needs its own). A folder counts when it holds an executable `initdb`
    /// and its `postgres` answers `--version`. Throws `PrivateClusterError` (`missingPrograms`) with the apt command.
    package static func find(major: Int? = nil) async throws -> PostgresBinaries {
        try await find(major: major, among: candidates())
    }

    static func find(major wanted: Int?, among directories: [String]) async throws -> PostgresBinaries {
        var tooOld: PostgresBinaries?
        for directory in directories {
            try Task.checkCancellation()
            guard let found = try await examine(directory) else { continue }
            if let wanted, found.major != wanted { continue }
            if found.major >= oldestMajor { return found }
            tooOld = tooOld ?? found
        }
        if let tooOld {
            throw PrivateClusterError(
                .missingPrograms,
                "PostgreSQL \(tooOld.major) in \(tooOld.directory) is too old: at least \(oldestMajor) is needed.",
                advice: "Install a newer one: \(aptCommand)")
        }
        let what = wanted.map { "PostgreSQL \($0)" } ?? "PostgreSQL"
        let package = wanted.map { "apt-get install postgresql-\($0)" } ?? aptCommand
        throw PrivateClusterError(
            .missingPrograms,
            "\(what)'s server programs (initdb, postgres) were not found in /usr/lib/postgresql/*/bin, by pg_config, or on the PATH.",
            advice: "Install them: \(package)")
    }

    /// The folders to try, best first, without repetition.
    static func candidates(environmentPath: String? = nil) -> [String] {
        let root = "/usr/lib/postgresql"
        let debian = (FileSystem.list(root) ?? []).compactMap { Int($0) }.sorted(by: >).map { "\(root)/\($0)/bin" }
        let path = environmentPath ?? getenv("PATH").map { String(cString: $0) } ?? ""
        let onPath = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        // pg_config stands for the folder it is asked for; its answer is only known by running it, so it is marked here.
        let configured = onPath.map { $0 + "/pg_config" }.filter { access($0, X_OK) == 0 }.prefix(1)
        var seen: Set<String> = []
        return (debian + configured + onPath).filter { seen.insert($0).inserted }
    }

    private static func examine(_ candidate: String) async throws -> PostgresBinaries? {
        var directory = candidate
        if candidate.hasSuffix("/pg_config") {
            guard let answer = try? await ChildProcess.run(candidate, ["--bindir"]), answer.status == .exited(0) else {
                return nil
            }
            directory = String(answer.output.prefix { $0 != "\n" })
        }
        // A stray link to initdb elsewhere stands for the folder it points to.
        if let real = FileSystem.realPath(directory + "/initdb") { directory = FileSystem.parent(of: real) }
        guard directory.hasPrefix("/"), access(directory + "/initdb", X_OK) == 0,
            access(directory + "/postgres", X_OK) == 0
        else { return nil }
        do {
            let answer = try await ChildProcess.run(directory + "/postgres", ["--version"])
            guard answer.status == .exited(0), let major = majorVersion(inBanner: answer.output) else { return nil }
            return PostgresBinaries(directory: directory, major: major)
        } catch is PrivateClusterError {
            return nil
        }
    }

    /// The major version in "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" or "… 19beta1"; nil for other text.
    static func majorVersion(inBanner banner: String) -> Int? {
        let marker = "(PostgreSQL) "
        var rest = banner[...]
        while !rest.isEmpty {
            if rest.hasPrefix(marker) {
                return Int(rest.dropFirst(marker.count).prefix { $0.isASCII && $0.isNumber })
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}
