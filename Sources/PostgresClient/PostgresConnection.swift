import ActorQueues
import CLibPQ
import DequeModule
import Dispatch
import Synchronization

/// One connection to PostgreSQL.
///
/// libpq blocks only a queue of the connection's own. Statements of several tasks run one after the other; a
/// transaction keeps the connection for its handle, and a statement outside of the handle is an error while it lasts.
/// When its task is cancelled, a running statement is cancelled on the server, and the connection stays usable.
package actor PostgresConnection {
    private let executor: QueueExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What the connection was opened with.
    package nonisolated let settings: PostgresSettings
    private struct ServerFacts {
        var pid: Int32 = 0
        var version = PostgresServerVersion(number: 0)
    }
    /// What others may want to know while a statement runs.
    private nonisolated let server = Mutex(ServerFacts())
    nonisolated let wake: WakePipe
    nonisolated var queue: DispatchQueue { executor.queue }

    /// libpq's connection; nil before opening and after the end.
    var handle: OpaquePointer?
    var canceller: CancelHandle?
    var prepared: PreparedStatements
    var parameters = ParameterBuffer()
    /// Pipelines that are not answered yet, oldest first.
    var sent = Deque<SentPipeline>()
    /// Why there is no connection any more.
    private(set) var ending: PostgresError?
    /// The transaction or COPY that has the connection for itself.
    private(set) var owner: UInt64?
    private var numbers: UInt64 = 0
    var listening: Listening?
    var noticeHandler: (@Sendable (PostgresNotice) -> Void)?

    /// How many statements a connection keeps prepared.
    package static let preparedLimit = 256

    /// - Parameter executor: its queue; nil for one of its own.
    init(settings: PostgresSettings, preparedLimit: Int, executor: QueueExecutor? = nil) throws(PostgresError) {
        self.executor = executor ?? QueueExecutor(label: "postgres.connection")
        self.settings = settings
        prepared = PreparedStatements(limit: preparedLimit)
        wake = try WakePipe()
    }

    isolated deinit {
        listening?.end()
        if let handle { PQfinish(handle) }
    }

    /// Opens a connection.
    ///
    /// - Throws: ``PostgresError`` of kind `connectionFailed` with the address and what to do; `CancellationError`.
    package static func connect(
        _ settings: PostgresSettings, preparedLimit: Int = PostgresConnection.preparedLimit
    ) async throws -> PostgresConnection {
        let connection = try PostgresConnection(settings: settings, preparedLimit: preparedLimit)
        try await connection.open()
        return connection
    }

    /// Ends the connection.
    ///
    /// Statements after it fail with kind `closed`.
    package func close() {
        end(PostgresError(.closed, "the connection to \(settings.redactedDescription) has been closed"))
    }

    /// Whether the connection can still be used, as far as this side knows.
    package var isOpen: Bool { handle != nil }

    /// The process of the server that serves this connection, as in `pg_stat_activity.pid`; 0 before it was opened.
    ///
    /// Does not wait for a running statement, as everything else here does.
    package nonisolated var backendPID: Int32 { server.withLock { $0.pid } }

    /// The server's version.
    package nonisolated var serverVersion: PostgresServerVersion { server.withLock { $0.version } }

    func noteServer(_ handle: OpaquePointer) {
        let facts = ServerFacts(
            pid: PQbackendPID(handle), version: PostgresServerVersion(number: Int(PQserverVersion(handle))))
        server.withLock { $0 = facts }
    }

    /// Whether a transaction is open on the server: begun by a statement, or by `withTransaction`.
    package var isInTransaction: Bool {
        handle.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false
    }

    /// How many statements are prepared on the server for this connection.
    package var preparedCount: Int { prepared.count }

    /// Sees without a round trip whether the server has ended the connection meanwhile.
    package func checkAlive() -> Bool {
        guard let handle else { return false }
        // The server's last message is read before its end shows, so one look is not enough.
        repeat {
            if PQconsumeInput(handle) == 0 || PQstatus(handle) != CONNECTION_OK {
                lose(nil)
                return false
            }
            drainNotifications()
        } while SocketEvents.isReadable(PQsocket(handle))
        return true
    }

    /// Receives the server's notices and warnings (RAISE NOTICE and the like), which are dropped otherwise.
    package func onNotice(_ handler: (@Sendable (PostgresNotice) -> Void)?) {
        noticeHandler = handler
    }

    // MARK: - The end of a connection

    /// Frees libpq's connection, for `error` as the reason that later callers get.
    func end(_ error: PostgresError) {
        if ending == nil { ending = error }
        listening?.end()
        listening = nil
        if let handle { PQfinish(handle) }
        handle = nil
        canceller = nil
    }

    /// Ends a connection that the server has left, and answers the error to throw.
    @discardableResult
    func lose(_ cause: PostgresError?) -> PostgresError {
        let words = handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0).trimmedLines } ?? ""
        let reason = words.isEmpty ? "the server closed it" : words
        let error =
            cause
            ?? PostgresError(
                .connectionLost, "the connection to PostgreSQL at \(settings.redactedDescription) was lost: \(reason)")
        end(error)
        return error
    }

    /// libpq's connection, for the holder of `owner`.
    func usable(by owner: UInt64?) throws(PostgresError) -> OpaquePointer {
        guard let handle else {
            throw ending ?? PostgresError(.closed, "the connection has not been opened")
        }
        guard owner == self.owner else {
            throw owner == nil
                ? PostgresError(.misuse, "the connection is in a transaction or COPY: use that one's handle")
                : PostgresError(.misuse, "the transaction has ended: its handle cannot be used any more")
        }
        return handle
    }

    /// Gives the connection to one transaction or COPY, inside `outer` if that has it now.
    func acquireOwner(inside outer: UInt64?) throws(PostgresError) -> UInt64 {
        _ = try usable(by: outer)
        let number = newNumber()
        owner = number
        return number
    }

    /// A number that this connection has not used before.
    func newNumber() -> UInt64 {
        numbers += 1
        return numbers
    }

    func releaseOwner(_ current: UInt64, to outer: UInt64?) {
        if owner == current { owner = outer }
    }
}

/// A notice or warning of the server.
package struct PostgresNotice: Sendable {
    /// `NOTICE`, `WARNING`, `INFO`, `LOG` or `DEBUG`.
    package let severity: String
    package let message: String
}

/// The server's version.
package struct PostgresServerVersion: Sendable, Comparable, CustomStringConvertible {
    /// As the server counts: 150018 is 15.18.
    package let number: Int

    package init(number: Int) { self.number = number }

    package var major: Int { number / 10000 }
    package var minor: Int { number % 10000 }
    package var description: String { "\(major).\(minor)" }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
