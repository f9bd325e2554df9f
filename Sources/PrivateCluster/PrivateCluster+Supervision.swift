import Logging

extension PrivateCluster {
    /// What a supervised cluster tells.
    package enum Event: Sendable {
        /// The server ended unasked; a restart follows.
        case ended(ExitStatus)
        /// It accepts connections again; existing ones were lost.
        case restarted
        /// This restart failed; the next follows after the back-off.
        case restartFailed(any Error)
    }

    /// So many restarts in a row may fail, or be followed by another end within a minute, before supervision gives up.
    package static let mostRestarts = 8

    /// Restarts the server whenever it ends unasked, until the task is cancelled or `stop()` comes; then it returns, and
    /// the server is left to `stop()`.
    ///
    /// The pause before a restart begins at 0.1 s and doubles up to 5 s. `onEvent` is called in order and must not block.
    /// Throws `PrivateClusterError` (`startFailed`) after `mostRestarts`, `notRunning` when the cluster was not started.
    package func supervise(onEvent: @Sendable (Event) -> Void = { _ in }) async throws {
        guard phase == .running, let prepared else {
            throw PrivateClusterError(.notRunning, "The database is not running, so it cannot be supervised.")
        }
        let clock = ContinuousClock()
        var attempts = 0
        while let process {
            let begin = clock.now
            guard let status = await process.wait(), phase == .running else { return }
            logger.error("PostgreSQL ended unexpectedly", metadata: ["status": "\(status)"])
            onEvent(.ended(status))
            if clock.now - begin > .seconds(60) { attempts = 0 }
            var isBack = false
            while !isBack {
                attempts += 1
                guard attempts <= Self.mostRestarts else {
                    throw PrivateClusterError(
                        .startFailed,
                        "PostgreSQL ended again and again; after \(Self.mostRestarts) restarts it is left alone.",
                        advice: "See \(home.postgresLog).")
                }
                do {
                    try await Task.sleep(for: .milliseconds(min(100 << (attempts - 1), 5_000)))
                    try await clearLeftovers(of: prepared.location, socketFolder: prepared.address.socketFolder)
                    try await launch(prepared)
                    isBack = true
                } catch is CancellationError {
                    return
                } catch {
                    guard phase == .running else { return }
                    logger.error("PostgreSQL could not be restarted", metadata: ["error": "\(error)"])
                    onEvent(.restartFailed(error))
                }
            }
            logger.info("PostgreSQL restarted")
            onEvent(.restarted)
        }
    }

    /// The address of the cluster of a home that another process runs; for commands such as `cryptoflow db url`.
    ///
    /// Throws `PrivateClusterError`: `notRunning` when there is no ready server, `unusableHome` when its password cannot be
    /// read.
    package static func runningAddress(home: CryptoflowHome) throws(PrivateClusterError) -> ClusterAddress {
        let location = try ClusterLocation.existing(home: home)
        let file = PostmasterFile(dataDirectory: location.data)
        guard let file, let real = FileSystem.realPath(location.data), !file.socketFolder.isEmpty,
            LeftoverProcesses.isServer(file.processID, realDataDirectory: real)
        else {
            throw PrivateClusterError(
                .notRunning, "No database is running for the home \(home.path).",
                advice: "Start it with: cryptoflow standalone --home \(home.path)")
        }
        guard let password = home.readSecret(name: FileSystem.name(of: home.passwordFile)) else {
            throw PrivateClusterError(
                .unusableHome, "The database's password cannot be read: \(home.passwordFile).",
                advice: "Run this as the user who started it.")
        }
        return ClusterAddress(socketFolder: file.socketFolder, password: password)
    }
}
