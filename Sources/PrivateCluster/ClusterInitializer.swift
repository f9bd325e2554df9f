import Glibc
import Logging

/// Makes a cluster's data directory, all or nothing.
struct ClusterInitializer: Sendable {
    let home: CryptoflowHome
    let location: ClusterLocation
    let user: ClusterUser
    let binaries: PostgresBinaries
    /// Whether initdb waits until its files are on the disk.
    let syncs: Bool
    let logger: Logger

    /// What happens to the files when our process is gone meanwhile.
    let aftermath: Watchdog.Aftermath

    /// Where initdb works.
    private var unfinishedCluster: String { location.unfinishedData + "/data" }

    /// What a new cluster needs with its first write-ahead log, and some room to live.
    static let neededBytes: UInt64 = 128 << 20

    /// The major version in an existing data directory; nil when there is none yet.
    ///
    /// Throws `PrivateClusterError` (`unusableHome`) for a directory with other contents: it is not ours to delete.
    static func majorVersion(of location: ClusterLocation) throws(PrivateClusterError) -> Int? {
        let data = location.data
        switch FileSystem.kind(data) {
        case .missing: return nil
        case .directory: break
        default:
            throw PrivateClusterError(
                .unusableHome, "\(data) is not a folder.", advice: "Move it away and start again.")
        }
        if let text = FileSystem.read(data + "/PG_VERSION") {
            // Before 10, a major version was two numbers: "9.6".
            if let major = Int(text.prefix { $0.isNumber }) { return major }
        } else if let names = FileSystem.list(data), names.isEmpty {
            return nil
        }
        throw PrivateClusterError(
            .unusableHome,
            "\(data) holds no PostgreSQL data that can be read (its PG_VERSION is missing or unreadable).",
            advice: "Move the folder away to begin with an empty database.")
    }

    /// Removes what an interrupted initialisation left.
    func discardUnfinished() async throws {
        guard FileSystem.kind(location.unfinishedData) != .missing else { return }
        logger.info("discarding a half-made database", metadata: ["cluster.folder": "\(location.unfinishedData)"])
        LeftoverProcesses.killInitializers(directory: unfinishedCluster)
        try await LeftoverProcesses.end(dataDirectory: unfinishedCluster)
        try FileSystem.remove(location.unfinishedData)
    }

    /// Runs initdb beside the final place and renames: a crash at any moment leaves no data directory, or a whole one.
    func initialize(password: String) async throws {
        if let free = FileSystem.freeBytes(at: location.root), free < Self.neededBytes {
            throw PrivateClusterError(
                .diskFull,
                "The disk that holds \(location.root) has only \(free >> 20) MB free; a new database needs \(Self.neededBytes >> 20) MB.",
                advice: "Free some space, or choose another folder with --home DIR.")
        }
        let unfinished = location.unfinishedData
        let passwordFile = unfinished + "/password"
        try user.makePrivateDirectory(unfinished)
        try user.makePrivateDirectory(unfinishedCluster)
        // PostgreSQL's user must read it, so it cannot be the one among the secrets.
        try FileSystem.replace(passwordFile, with: password + "\n", mode: 0o600, owner: user.owner)
        var arguments = [
            "--pgdata=\(unfinishedCluster)", "--username=\(ClusterAddress.superuser)", "--pwfile=\(passwordFile)",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
        ]
        if !syncs { arguments.append("--no-sync") }
        let (program, words) = try user.command(binaries.initdb, arguments)
        let child = try ChildProcess(program, words, output: .captured)
        let watchdog = try Watchdog(initializer: child.id, directory: unfinishedCluster, aftermath: aftermath)
        defer { watchdog.dismiss() }
        guard let status = await child.wait() else {
            // Nobody will want it; the next start removes the files.
            child.signalGroup(SIGKILL)
            _ = await child.wait(atMostMilliseconds: 1_000)
            throw CancellationError()
        }
        guard status == .exited(0) else {
            let error = StartFailure.explain(
                "The database in \(location.root) cannot be created", status: status, output: child.capturedText,
                otherwise: .initializationFailed)
            try? FileSystem.remove(unfinished)
            throw error
        }
        // An empty folder may stand there already; rename replaces it.
        guard rename(unfinishedCluster, location.data) == 0 else {
            throw FileSystem.failure(action: "finish the database in", path: location.data, code: errno)
        }
        FileSystem.sync(directory: location.root)
        try? FileSystem.remove(unfinished)
        logger.info(
            "database created",
            metadata: ["cluster.folder": "\(location.data)", "postgresql.major": "\(binaries.major)"])
    }

    /// Gives the superuser a password again when its file was lost: PostgreSQL's single-user mode asks for none, and
    /// the right to read the files is ours.
    ///
    /// The server must not run.
    func resetPassword(to password: String) async throws {
        guard let (reader, writer) = ChildProcess.closeOnExecPipe() else {
            throw PrivateClusterError(.startFailed, "The database's password cannot be reset: \(errorText(errno)).")
        }
        // The password is hexadecimal digits of ours; the statement is far shorter than a pipe's buffer.
        let statement = Array("ALTER ROLE \(ClusterAddress.superuser) PASSWORD '\(password)';\n".utf8)
        _ = write(writer, statement, statement.count)
        close(writer)
        defer { close(reader) }
        let (program, words) = try user.command(
            binaries.postgres, ["--single", "-D", location.data, "-c", "log_statement=none", "postgres"])
        let child = try ChildProcess(program, words, input: reader, output: .captured)
        guard let status = await child.wait() else {
            child.signalGroup(SIGTERM)
            _ = await child.wait(atMostMilliseconds: 2_000)
            throw CancellationError()
        }
        let isRefused = child.capturedText.contains("ERROR:")
        guard status == .exited(0), !isRefused else {
            throw StartFailure.explain(
                "The database's password was lost and cannot be reset", status: status,
                output: isRefused ? "" : child.capturedText, otherwise: .startFailed)
        }
        logger.warning("the database's password was missing and has been replaced")
    }
}
