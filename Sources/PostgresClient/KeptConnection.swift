import ActorQueues

/// One connection that is opened when it is first needed, and again once it was lost: for a caller that alone writes
/// through it, one thing after the other.
///
/// Unlike a pool's it is lent to nobody and shares its queue with the connection itself, so an exchange costs one change of
/// thread there and one back; with a pool it is ten.
package actor KeptConnection {
    private let executor = QueueExecutor(label: "postgres.connection")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let settings: PostgresSettings
    /// A connection idle for longer is checked with a round trip before use; a shorter idle one is only looked at.
    private let checkAfterIdle: Duration
    private var connection: PostgresConnection?
    private var lastUse = ContinuousClock.now
    private var isClosed = false

    /// Makes no connection yet.
    package init(_ settings: PostgresSettings, checkAfterIdle: Duration = .seconds(30)) {
        self.settings = settings
        self.checkAfterIdle = checkAfterIdle
    }

    /// Runs statements in one round trip and as one transaction: all or none.
    ///
    /// A connection that is found lost before anything was sent is opened again, once and without patience.
    /// - Throws: ``PostgresError`` of the first failing statement, or of kind `connectionFailed`, `connectionLost` or `closed`.
    package func pipeline(
        _ statements: [PostgresStatement], timeout: Duration? = nil
    ) async throws -> [PostgresResult] {
        let connection = try await opened()
        defer { lastUse = .now }
        return try await connection.pipeline(statements, timeout: timeout)
    }

    /// Ends the connection once its exchange is over; later calls fail with kind `closed`.
    package func close() async {
        isClosed = true
        await connection?.close()
        connection = nil
    }

    private func opened() async throws -> PostgresConnection {
        if let connection, await isUsable(connection) { return connection }
        connection = nil
        if isClosed { throw closedError }
        let fresh = try PostgresConnection(
            settings: settings, preparedLimit: PostgresConnection.preparedLimit, executor: executor)
        try await fresh.open()
        // Closed, or opened by another call, while this one waited.
        if isClosed || connection != nil { await fresh.close() }
        if isClosed { throw closedError }
        let kept = connection ?? fresh
        connection = kept
        return kept
    }

    private func isUsable(_ connection: PostgresConnection) async -> Bool {
        guard await connection.checkAlive() else { return false }
        if lastUse.duration(to: .now) < checkAfterIdle { return true }
        do {
            try await connection.ping()
            return true
        } catch {
            await connection.close()
            return false
        }
    }

    private var closedError: PostgresError {
        PostgresError(.closed, "the connection to \(settings.redactedDescription) has been closed")
    }
}
