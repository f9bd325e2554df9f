import Glibc

/// A private folder for the cluster's Unix socket, with a path that is short enough for one.
enum SocketFolder {
    /// The socket's name in its folder.
    static let socketName = ".s.PGSQL.5432"
    /// sun_path holds 108 bytes with the final zero.
    static let longestFolder = 107 - 1 - socketName.utf8.count

    /// Chooses and makes the folder: `preferred` if it fits, else one under `$XDG_RUNTIME_DIR` or `/tmp`.
    ///
    /// The folder is 0700 and PostgreSQL's user owns it. In `/tmp` anybody may have made the name before us, so what is
    /// found there is used only if it is a real folder (no link) with that owner and mode; else the next name is tried.
    static func make(
        preferred: String, user: ClusterUser, temporary: String = "/tmp",
        runtimeDirectory: String? = xdgRuntimeDirectory
    ) throws(PrivateClusterError) -> String {
        if fits(preferred) {
            try user.makePrivateDirectory(preferred)
            if isPrivate(preferred, user: user) { return preferred }
            // Ours by construction (it lies in the home), so a wrong owner or mode is repaired, but a link is not followed.
            guard FileSystem.kind(preferred) == .directory, lchown(preferred, user.id, user.group) == 0,
                chmod(preferred, 0o700) == 0
            else { throw FileSystem.failure(action: "make private", path: preferred, code: EPERM) }
            return preferred
        }
        let hash = ClusterLocation.hash(preferred)
        var bases: [String] = []
        // The runtime folder belongs to the login session's user alone, so it is of no use to a foreign one.
        if !user.isForeign, let runtimeDirectory, isPrivate(runtimeDirectory, user: user) {
            bases.append(runtimeDirectory)
        }
        bases.append(temporary)
        for base in bases {
            for attempt in 0..<8 {
                let path = "\(base)/cryptoflow-\(hash)" + (attempt == 0 ? "" : "-\(attempt)")
                guard fits(path) else { break }
                guard (try? user.makePrivateDirectory(path)) != nil else { continue }
                if isPrivate(path, user: user) { return path }
            }
        }
        throw PrivateClusterError(
            .unusableHome,
            "No private folder for the database's socket could be made in \(bases.joined(separator: " or ")).",
            advice: "Look at the folders named cryptoflow-* there, or choose a shorter --home.")
    }

    /// Short enough, and free of what the lists in postgresql.conf and in libpq's `host` would split.
    static func fits(_ path: String) -> Bool {
        path.utf8.count <= longestFolder && !path.contains { $0 == "," || $0 == "\"" || $0 == "'" || $0 == "\\" }
    }

    static var xdgRuntimeDirectory: String? {
        guard let value = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), value.hasPrefix("/") else {
            return nil
        }
        return value
    }

    static func isPrivate(_ path: String, user: ClusterUser) -> Bool {
        guard let information = FileSystem.information(path, followingLinks: false) else { return false }
        return information.st_mode & S_IFMT == S_IFDIR && information.st_uid == user.id
            && information.st_mode & 0o077 == 0
    }
}
