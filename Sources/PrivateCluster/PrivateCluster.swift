import ActorQueues
import Glibc
package import Logging

/// A PostgreSQL server of our own, on a socket in a private folder, for one home.
///
///     stopped -> starting -> running -> stopping -> stopped       a failed or cancelled start goes back to stopped
///
/// While it is not stopped it holds the home's lock. A server that a killed process of ours left running is stopped and
/// started again rather than adopted: that also ends the sessions (and locks) of whatever was killed with it, applies
/// today's settings, and makes the postmaster our child, whose end is an event. With a fast shutdown that costs some
/// hundred milliseconds. Normally there is none, because a watchdog stops it when our process is gone.
package actor PrivateCluster {
    /// What may differ between an installation and the tests.
    package struct Options: Sendable {
        /// PostgreSQL's settings.
        package var settings: ClusterSettings
        /// Whether a new cluster is on the disk before it is used.
        package var syncsInitialization: Bool
        /// How long PostgreSQL may take until it accepts connections; crash recovery counts.
        package var startTimeoutSeconds: Int
        /// A folder that is removed when this process is gone, however it ended; nil for none.
        package var folderRemovedAfterwards: String?

        /// Makes options; the defaults are those of an installation.
        package init(
            settings: ClusterSettings = .standard, syncsInitialization: Bool = true, startTimeoutSeconds: Int = 300,
            folderRemovedAfterwards: String? = nil
        ) {
            self.settings = settings
            self.syncsInitialization = syncsInitialization
            self.startTimeoutSeconds = startTimeoutSeconds
            self.folderRemovedAfterwards = folderRemovedAfterwards
        }
    }

    enum Phase: Sendable { case stopped, starting, running, stopping }

    /// What one start found out and a restart needs again.
    struct Prepared: Sendable {
        let location: ClusterLocation
        let user: ClusterUser
        let binaries: PostgresBinaries
        let address: ClusterAddress
    }

    private let executor = QueueExecutor(label: "cryptoflow.cluster")
    /// The queue of its own on which the actor runs.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The home it belongs to.
    package nonisolated let home: CryptoflowHome
    let options: Options
    let logger: Logger
    private(set) var phase = Phase.stopped
    private(set) var process: ChildProcess?
    private(set) var prepared: Prepared?
    private var locks: [HomeLock] = []
    private var watchdog: Watchdog?
    private var starting: Task<ClusterAddress, any Error>?

    /// Names a cluster; nothing is touched before `start()`.
    package init(home: CryptoflowHome, options: Options = Options(), logger: Logger) {
        self.home = home
        self.options = options
        self.logger = logger
    }

    /// Creates the cluster if the home has none, recovers from whatever a crash left, starts it, and returns its
    /// address once it accepts connections.
    ///
    /// A running one just returns its address.
    ///
    /// Throws `PrivateClusterError`, or `CancellationError` when the task is cancelled or `stop()` comes first; either
    /// leaves nothing running and the home unlocked.
    package func start() async throws -> ClusterAddress {
        if phase == .running, let prepared { return prepared.address }
        guard phase == .stopped else {
            throw PrivateClusterError(.notRunning, "The database is just being started or stopped.")
        }
        phase = .starting
        // Awaited right here; a task of its own so that `stop()` can cancel it too.
        let task = Task { try await self.open() }
        starting = task
        defer { starting = nil }
        do {
            let address = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            guard phase == .starting else { throw CancellationError() }
            phase = .running
            return address
        } catch {
            if phase == .starting {
                phase = .stopping
                await close()
            }
            throw error
        }
    }

    /// Stops the server in under four seconds: a fast shutdown, an immediate one after three seconds, then KILL.
    ///
    /// Does nothing when it is stopped; cancellation does not interrupt it.
    package func stop() async {
        switch phase {
        case .stopped, .stopping: return
        case .starting, .running: break
        }
        phase = .stopping
        starting?.cancel()
        _ = await starting?.result
        await close()
    }

    /// Waits until the present server process ends; nil when there is none or the task is cancelled first.
    package func waitForExit() async -> ExitStatus? { await process?.wait() }

    /// The server's process id; nil while there is none.
    package var processID: Int32? { process?.status == nil ? process?.id : nil }

    private var aftermath: Watchdog.Aftermath { options.folderRemovedAfterwards.map { .remove($0) } ?? .keep }

    private func close() async {
        watchdog?.dismiss()
        watchdog = nil
        if let process { await end(process) }
        process = nil
        locks = []
        phase = .stopped
    }

    private func end(_ process: ChildProcess) async {
        guard process.status == nil else { return }
        for (signal, milliseconds) in [(SIGINT, 3_000), (SIGQUIT, 500)] {
            process.signal(signal)
            if await process.wait(atMostMilliseconds: milliseconds) != nil { return }
            logger.warning(
                "PostgreSQL does not stop", metadata: ["signal": "\(signal)", "waited_ms": "\(milliseconds)"])
        }
        // Backends have sessions of their own, so the group alone would not do.
        let all = prepared.map { LeftoverProcesses.find(dataDirectory: $0.location.data) } ?? []
        process.signalGroup(SIGKILL)
        for id in all where id != process.id { kill(id, SIGKILL) }
        _ = await process.wait(atMostMilliseconds: 300)
    }

    private func open() async throws -> ClusterAddress {
        try home.prepare()
        locks = [try HomeLock(path: home.lockFile)]
        let user = try ClusterUser.forThisProcess()
        var orphan: String?
        let location = try ClusterLocation.resolve(home: home, user: user) { orphan = $0 }
        if let orphan {
            logger.warning(
                "a database whose home is gone was moved aside; remove it when you do not need it",
                metadata: ["cluster.folder": "\(orphan)"])
            try await LeftoverProcesses.end(dataDirectory: orphan + "/postgres")
        }
        if location.isOutsideHome { locks.append(try HomeLock(path: location.lockFile)) }
        let prepared = try await prepare(location: location, user: user)
        self.prepared = prepared
        try await launch(prepared)
        return prepared.address
    }

    private func prepare(location: ClusterLocation, user: ClusterUser) async throws -> Prepared {
        let existing = try ClusterInitializer.majorVersion(of: location)
        let binaries = try await binaries(existing: existing, data: location.data)
        let initializer = ClusterInitializer(
            home: home, location: location, user: user, binaries: binaries, syncs: options.syncsInitialization,
            logger: logger, aftermath: aftermath)
        try await initializer.discardUnfinished()
        let known = home.readSecret(name: FileSystem.name(of: home.passwordFile))
        let password = known ?? CryptoflowHome.randomSecret()
        if existing == nil {
            // The secret is durable before the database that needs it.
            if known == nil { try home.writeSecret(password, name: FileSystem.name(of: home.passwordFile)) }
            try await initializer.initialize(password: password)
        }
        let folder = try SocketFolder.make(preferred: location.run, user: user)
        let address = ClusterAddress(socketFolder: folder, password: password)
        if existing != nil {
            try await clearLeftovers(of: location, socketFolder: folder)
            if known == nil {
                try await initializer.resetPassword(to: password)
                try home.writeSecret(password, name: FileSystem.name(of: home.passwordFile))
            }
        }
        let text = options.settings.configuration(socketFolder: folder)
        try FileSystem.replace(location.data + "/postgresql.conf", with: text, mode: 0o600, owner: user.owner)
        try FileSystem.replace(
            location.data + "/pg_hba.conf", with: ClusterSettings.hostBasedAuthentication, mode: 0o600,
            owner: user.owner)
        return Prepared(location: location, user: user, binaries: binaries, address: address)
    }

    private func binaries(existing: Int?, data: String) async throws -> PostgresBinaries {
        guard let existing else { return try await PostgresBinaries.find() }
        do {
            return try await PostgresBinaries.find(major: existing)
        } catch let error as PrivateClusterError where error.code == .missingPrograms {
            // Nothing installed at all is its own message; another major names both.
            let installed = try await PostgresBinaries.find()
            throw PrivateClusterError(
                .otherMajorVersion,
                "The database in \(data) was made by PostgreSQL \(existing), but only PostgreSQL \(installed.major) is installed.",
                advice:
                    "Install the other one too (apt-get install postgresql-\(existing)), or dump the database with \(existing) and restore it into a new home."
            )
        }
    }

    /// Ends an earlier server's processes and removes the lock files it left.
    ///
    /// PostgreSQL would remove them itself, unless their pid now belongs to a stranger or to a zombie that nobody collects
    /// (both usual in containers): then it refuses to start. Our lock and the look into /proc say that nobody uses them.
    func clearLeftovers(of location: ClusterLocation, socketFolder: String) async throws {
        let ended = try await LeftoverProcesses.end(dataDirectory: location.data)
        if !ended.isEmpty {
            logger.info(
                "stopped a PostgreSQL that an earlier start had left behind", metadata: ["processes": "\(ended.count)"])
        }
        unlink(PostmasterFile.path(in: location.data))
        unlink(socketFolder + "/" + SocketFolder.socketName + ".lock")
    }

    /// Starts the prepared server and waits until it accepts connections.
    func launch(_ prepared: Prepared) async throws {
        let data = prepared.location.data
        let log = try PostgresLog.open(home.postgresLog)
        defer { Glibc.close(log.descriptor) }
        try Task.checkCancellation()
        guard phase == .starting || phase == .running else { throw CancellationError() }
        let (program, arguments) = try prepared.user.command(prepared.binaries.postgres, ["-D", data])
        let child = try ChildProcess(program, arguments, output: .descriptor(log.descriptor))
        process = child
        watchdog?.dismiss()
        watchdog = try Watchdog(postmaster: child.id, dataDirectory: data, aftermath: aftermath)
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(options.startTimeoutSeconds)
        while true {
            if let file = PostmasterFile(dataDirectory: data), file.processID == child.id, file.status == "ready" {
                return
            }
            if let status = child.status {
                try Task.checkCancellation()
                guard phase == .starting || phase == .running else { throw CancellationError() }
                let output = FileSystem.read(home.postgresLog, from: log.offset) ?? ""
                throw StartFailure.explain(
                    "PostgreSQL cannot start in \(data)", status: status, output: output, otherwise: .startFailed)
            }
            guard clock.now < deadline else {
                await end(child)
                throw PrivateClusterError(
                    .startFailed,
                    "PostgreSQL did not accept connections within \(options.startTimeoutSeconds) seconds in \(data).",
                    advice: "See \(home.postgresLog).")
            }
            // The file has no other event; a start takes some 50 ms.
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
