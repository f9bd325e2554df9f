import ActorQueues
import Dispatch

/// One connection that is opened when it is first needed, and again once it was lost: for a caller that alone writes
/// through it, in order.
///
/// A pipeline that is asked for while another is under way is sent at once: the server goes on with it by itself. Unlike a
/// pool's the connection is lent to nobody and shares its queue with this actor, so an exchange costs one change of thread
/// there and one back; with a pool it is ten.
package actor KeptConnection {
    private let executor = QueueExecutor(label: "postgres.connection")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let settings: PostgresSettings
    /// A connection idle for longer is checked with a round trip before use; a shorter idle one is only looked at.
    private let checkAfterIdle: Duration
    private nonisolated let requests = PipelineRequests()
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
    /// - Parameter statements: makes them on the connection's queue, so that the caller's is free meanwhile.
    /// - Throws: what `statements` throws; ``PostgresError`` of the first failing statement, or of kind `connectionFailed`,
    ///   `connectionLost` or `closed`. One that was asked for before may have failed then, too, or not.
    package nonisolated func pipeline(
        making statements: @escaping @Sendable () throws -> [PostgresStatement]
    ) async throws -> [PostgresResult] {
        try await withCheckedThrowingContinuation { continuation in
            if requests.add(PipelineRequest(statements: statements, answer: continuation)) {
                executor.queue.async { self.assumeIsolated { $0.serve() } }
            }
        }
    }

    /// Runs statements in one round trip and as one transaction: all or none.
    package nonisolated func pipeline(_ statements: [PostgresStatement]) async throws -> [PostgresResult] {
        try await pipeline(making: { statements })
    }

    /// Ends the connection once its exchange is over; later calls fail with kind `closed`.
    package func close() async {
        isClosed = true
        await connection?.close()
        connection = nil
    }

    /// Answers what waits, at once if there is a connection.
    private func serve() {
        repeat {
            guard let connection, lastUse.duration(to: .now) < checkAfterIdle,
                connection.assumeIsolated({ $0.checkAlive() })
            else {
                // Comes back here, or fails what waits.
                Task { await self.serveOnceOpen() }
                return
            }
            connection.assumeIsolated { $0.serve(requests) }
            lastUse = .now
        } while !requests.leaveIfEmpty()
    }

    /// Opens a connection, or makes sure of the one that there is; without patience, since whoever asks tries again.
    private func serveOnceOpen() async {
        do {
            let connection = try await opened()
            lastUse = .now
            self.connection = connection
            await connection.serve(requests)
        } catch {
            // All that wait now: each may be asked for again.
            while let request = requests.next() { request.answer.resume(throwing: error) }
        }
        if !requests.leaveIfEmpty() { serve() }
    }

    private func opened() async throws -> PostgresConnection {
        if let connection, await isUsable(connection) { return connection }
        connection = nil
        if isClosed { throw closedError }
        let fresh = try PostgresConnection(
            settings: settings, preparedLimit: PostgresConnection.preparedLimit, executor: executor)
        try await fresh.open()
        // Closed while this one waited.
        if isClosed {
            await fresh.close()
            throw closedError
        }
        requests.send(over: fresh.wake)
        return fresh
    }

    private func isUsable(_ connection: PostgresConnection) async -> Bool {
        guard await connection.checkAlive() else { return false }
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
