import CLibPQ

/// One statement's (or pipeline's) conversation with the server: who may cancel it, and what has become of that.
struct Exchange {
    enum Interruption { case cancelled, timedOut, abandoned }

    let ticket: QueryTicket?
    let timeout: Duration?
    let deadline: ContinuousClock.Instant?
    /// Set once the server has been asked to cancel.
    var interruption: Interruption?
    var cancel: CancelRequest?
    /// When the next thing happens to a cancel that has had no effect yet.
    var retryAt: ContinuousClock.Instant?
    /// When a connection whose server does not react is given up.
    var graceEnd: ContinuousClock.Instant?
    /// A prepared statement was refused because it has to be prepared anew.
    var sawStalePlan = false
    /// Pipelines to send while this one waits for its answers.
    var requests: PipelineRequests?

    init(ticket: QueryTicket?, timeout: Duration?) {
        self.ticket = ticket
        self.timeout = timeout
        deadline = timeout.map { ContinuousClock.now + $0 }
    }

    /// How long a server may take to react to a cancel before the connection is given up.
    static let grace: Duration = .seconds(10)
    /// A cancel that reaches the server before the statement does is ignored there, so it is sent again.
    static let retryInterval: Duration = .milliseconds(100)
}

extension PostgresConnection {
    /// Runs `body` as one exchange: with cancelling, time limit, and the connection's state looked after.
    func exchange<Value>(
        owner: UInt64?, timeout: Duration?, isCancellable: Bool = true, sql: String?,
        _ body: (OpaquePointer, inout Exchange) throws -> Value
    ) async throws -> Value {
        _ = try usable(by: owner)
        guard isCancellable else {
            return try runExchange(Exchange(ticket: nil, timeout: timeout), owner: owner, sql: sql, body)
        }
        try Task.checkCancellation()
        let ticket = QueryTicket()
        return try await withTaskCancellationHandler {
            try runExchange(Exchange(ticket: ticket, timeout: timeout), owner: owner, sql: sql, body)
        } onCancel: {
            ticket.cancel(waking: wake)
        }
    }

    private func runExchange<Value>(
        _ exchange: Exchange, owner: UInt64?, sql: String?, _ body: (OpaquePointer, inout Exchange) throws -> Value
    ) throws -> Value {
        let handle = try usable(by: owner)
        var exchange = exchange
        do {
            let value = try body(handle, &exchange)
            try settle(&exchange)
            drainNotifications()
            return value
        } catch {
            var failure = error
            do { try settle(&exchange) } catch { failure = error }
            if let error = failure as? PostgresError, error.isConnectionLost, self.handle != nil { lose(error) }
            drainNotifications()
            throw translate(failure, exchange, sql: sql)
        }
    }

    /// Waits until a cancel that was sent can no longer reach the connection's next statement.
    private func settle(_ exchange: inout Exchange) throws {
        while let cancel = exchange.cancel, !cancel.isDone, let handle {
            if let end = exchange.graceEnd, ContinuousClock.now >= end { throw unresponsive() }
            _ = SocketEvents.wait(
                socket: PQsocket(handle), forWriting: false, forReading: false, wake: wake, until: exchange.graceEnd)
        }
    }

    private func unresponsive() -> PostgresError {
        lose(
            PostgresError(
                .connectionLost,
                "PostgreSQL at \(settings.redactedDescription) did not react to a cancelled statement within "
                    + "\(Exchange.grace); the connection was given up"))
    }

    /// A cancelled statement's error is what the one who cancelled expects: only then is 57014 read as cancelling.
    private func translate(_ error: any Error, _ exchange: Exchange, sql: String?) -> any Error {
        guard let failure = error as? PostgresError, let interruption = exchange.interruption,
            failure.sqlState == .queryCanceled || failure.isConnectionLost
        else { return error }
        switch interruption {
        case .cancelled: return CancellationError()
        case .timedOut:
            let limit = exchange.timeout.map { "\($0)" } ?? "its time limit"
            var timedOut = PostgresError(.timedOut, "the statement took longer than \(limit) and was cancelled")
            timedOut.statementLabel = sql.map(PostgresError.label)
            return timedOut
        case .abandoned: return error
        }
    }

    /// Asks the server to stop the statement under way.
    func interrupt(_ exchange: inout Exchange, _ reason: Exchange.Interruption) {
        if exchange.interruption != nil { return }
        exchange.interruption = reason
        exchange.graceEnd = .now + Exchange.grace
        sendCancel(&exchange)
    }

    private func sendCancel(_ exchange: inout Exchange) {
        exchange.cancel = canceller?.send(waking: wake)
        exchange.retryAt = .now + Exchange.retryInterval
    }

    /// The next result, or nil after the last one of a statement.
    ///
    /// Waits for the server, and watches over the exchange.
    func nextResult(_ handle: OpaquePointer, _ exchange: inout Exchange) throws -> ResultHandle? {
        while true {
            // A pipeline that could not be sent meanwhile has ended the connection.
            guard self.handle != nil else { throw ending ?? lose(nil) }
            let flush = PQflush(handle)
            if flush >= 0, PQisBusy(handle) == 1 {
                try waitForServer(handle, &exchange, forWriting: flush == 1)
                continue
            }
            // After a failed flush the server's last words may still be there to be read.
            guard let result = PQgetResult(handle) else {
                if PQstatus(handle) != CONNECTION_OK { throw lose(nil) }
                return nil
            }
            return ResultHandle(result)
        }
    }

    /// Waits for the socket once, and sees to cancelling and the time limit.
    func waitForServer(_ handle: OpaquePointer, _ exchange: inout Exchange, forWriting: Bool) throws {
        let limit = exchange.interruption == nil ? exchange.deadline : min(exchange.retryAt, exchange.graceEnd)
        let events = SocketEvents.wait(
            socket: PQsocket(handle), forWriting: forWriting, forReading: true, wake: wake, until: limit)
        // A failure shows in the next result, with the server's last message if there was one.
        if events.isSocketReady { _ = PQconsumeInput(handle) }
        if let requests = exchange.requests { sendRequests(requests) }
        if exchange.interruption == nil {
            if exchange.ticket?.isCancelled == true {
                interrupt(&exchange, .cancelled)
            } else if let deadline = exchange.deadline, ContinuousClock.now >= deadline {
                interrupt(&exchange, .timedOut)
            }
        } else {
            let now = ContinuousClock.now
            if let end = exchange.graceEnd, now >= end { throw unresponsive() }
            if let retryAt = exchange.retryAt, now >= retryAt, exchange.cancel?.isDone != false {
                sendCancel(&exchange)
            }
        }
    }

    private func min(_ left: ContinuousClock.Instant?, _ right: ContinuousClock.Instant?) -> ContinuousClock.Instant? {
        guard let left, let right else { return left ?? right }
        return left < right ? left : right
    }
}
