import Glibc

/// The folder where one installation of CryptoFlow keeps everything: database, logs, secrets, remembered choices.
///
///     postgres/     the private cluster's data (or `cluster`, a file that names the folder they are in)
///     run/          the cluster's socket, when the path is short enough
///     logs/         postgresql.log and whatever else logs
///     secrets/      0700; its files 0600
///     state.json    what was chosen at the first start
///     lock          held while a process of ours uses the home
package struct CryptoflowHome: Sendable, Hashable {
    /// PostgreSQL's own limit for paths is 1,023 bytes (MAXPGPATH), and its file names come on top.
    static let longestPath = 900

    /// The absolute path, without `.`, `..` and doubled slashes; symbolic links are kept.
    package let path: String

    /// The default for a program started in this working directory.
    package static let defaultName = ".cryptoflow"

    /// Names a home; a relative path counts from the working directory.
    ///
    /// Nothing is created.
    ///
    /// Throws `PrivateClusterError` (`unusableHome`) for an empty path, one with control characters (it is written into
    /// PostgreSQL's files line by line), or one too long for PostgreSQL.
    package init(path: String) throws(PrivateClusterError) {
        guard !path.isEmpty else {
            throw PrivateClusterError(
                .unusableHome, "The home folder's name is empty.", advice: "Name a folder with --home DIR.")
        }
        guard !path.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            throw PrivateClusterError(
                .unusableHome, "The home folder's path contains a control character.",
                advice: "Choose another folder with --home DIR.")
        }
        var absolute = path
        if !path.hasPrefix("/") {
            guard let working = getcwd(nil, 0) else {
                throw PrivateClusterError(
                    .unusableHome, "The working directory cannot be determined: \(errorText(errno)).",
                    advice: "Name the home with an absolute path: --home DIR.")
            }
            absolute = String(cString: working) + "/" + path
            free(working)
        }
        var parts: [Substring] = []
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let normalized = "/" + parts.joined(separator: "/")
        guard normalized.utf8.count <= Self.longestPath else {
            throw PrivateClusterError(
                .unusableHome,
                "The home folder's path is \(normalized.utf8.count) bytes long; PostgreSQL allows about \(Self.longestPath).",
                advice: "Choose a shorter folder with --home DIR.")
        }
        self.path = normalized
    }

    /// The cluster's data, unless `clusterPointer` names another folder.
    package var postgres: String { path + "/postgres" }
    /// The socket's folder, when its path is short enough for a socket.
    package var run: String { path + "/run" }
    /// The logs.
    package var logs: String { path + "/logs" }
    /// Passwords and keys; mode 0700.
    package var secrets: String { path + "/secrets" }
    /// What was chosen at the first start (feed, clock shift); written by whoever chooses.
    package var stateFile: String { path + "/state.json" }
    /// PostgreSQL's log.
    package var postgresLog: String { logs + "/postgresql.log" }
    /// Locked while a process of ours uses the home; holds its pid.
    package var lockFile: String { path + "/lock" }
    /// A file that holds the folder of a cluster that could not live in the home.
    package var clusterPointer: String { path + "/cluster" }
    /// The superuser's password.
    var passwordFile: String { secrets + "/postgresql-password" }

    /// Creates the home and its folders where they are missing; existing ones keep owner and mode, but `secrets` is
    /// closed to others.
    ///
    /// Throws `PrivateClusterError` (`unusableHome`, `diskFull`).
    package func prepare() throws(PrivateClusterError) {
        try FileSystem.makeDirectories(path, mode: 0o755)
        guard access(path, W_OK | X_OK) == 0 else {
            throw FileSystem.failure(action: "write to the home", path: path, code: errno)
        }
        try FileSystem.makeDirectory(logs, mode: 0o755)
        if try !FileSystem.makeDirectory(secrets, mode: 0o700) {
            guard chmod(secrets, 0o700) == 0 else {
                throw FileSystem.failure(action: "close to others", path: secrets, code: errno)
            }
        }
    }

    /// Writes a secret as a file of mode 0600 in `secrets`, replacing an old one atomically.
    ///
    /// `prepare()` comes first.
    package func writeSecret(_ value: String, name: String) throws(PrivateClusterError) {
        try FileSystem.replace(secrets + "/" + name, with: value + "\n", mode: 0o600)
    }

    /// Makes a random secret, unless another process has just made it: then that one is returned.
    package func makeSecret(name: String) throws(PrivateClusterError) -> String {
        let path = secrets + "/" + name
        let own = "\(name).own-\(getpid())"
        try writeSecret(Self.randomSecret(), name: own)
        // Unlike a rename, a link never takes the place of what is there.
        _ = link(secrets + "/" + own, path)
        unlink(secrets + "/" + own)
        if let secret = readSecret(name: name) { return secret }
        // An empty file stood there.
        try writeSecret(Self.randomSecret(), name: name)
        return readSecret(name: name) ?? ""
    }

    /// Reads a secret; nil when there is none or it is empty.
    package func readSecret(name: String) -> String? {
        guard let text = FileSystem.read(secrets + "/" + name) else { return nil }
        let value = text.split(separator: "\n").first.map(String.init)
        return value?.isEmpty == false ? value : nil
    }

    /// 32 bytes from the system's secure generator, as 64 hexadecimal digits.
    package static func randomSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let digits = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
