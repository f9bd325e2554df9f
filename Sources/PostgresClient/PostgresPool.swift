/// How many connections a pool may have, and its patience.
package struct PostgresPoolOptions: Sendable {
    /// Connections open at a time, at most.
    ///
    /// They are opened when first needed.
    package var maxConnections: Int
    /// How long a caller waits for a connection to become free.
    package var acquireTimeout: Duration
    /// How long a caller goes on trying while the server cannot be reached (it restarts, has no connection left).
    ///
    /// Zero reports the first failure at once, which suits commands. Wrong passwords are reported at once in any case.
    package var connectPatience: Duration
    /// A connection idle for longer is checked with a round trip before use.
    ///
    /// A shorter idle one is only looked at.
    package var checkAfterIdle: Duration
    /// The pause before the second attempt to connect; it doubles up to `maxBackoff`, each time shortened at random by
    /// up to a half, so that many clients do not come back at the same instant.
    package var initialBackoff: Duration
    package var maxBackoff: Duration

    package init(
        maxConnections: Int = 4, acquireTimeout: Duration = .seconds(10), connectPatience: Duration = .seconds(10),
        checkAfterIdle: Duration = .seconds(30), initialBackoff: Duration = .milliseconds(50),
        maxBackoff: Duration = .seconds(5)
    ) {
        self.maxConnections = max(maxConnections, 1)
        (self.acquireTimeout, self.connectPatience) = (acquireTimeout, connectPatience)
        self.checkAfterIdle = checkAfterIdle
        (self.initialBackoff, self.maxBackoff) = (initialBackoff, maxBackoff)
    }
}

/// Lends connections, first come, first served.
///
/// Connections open when needed and are replaced when they are lost. What a borrower sets with SET or prepares stays
/// with the connection; a transaction that it left open is rolled back.
package actor PostgresPool {
    package nonisolated let settings: PostgresSettings
    package nonisolated let options: PostgresPoolOptions

    private struct Idle {
        let connection: PostgresConnection
        let since: ContinuousClock.Instant
    }

    /// What a waiter is woken with: a connection, or the right to open one.
    private enum Grant {
        case connection(Idle)
        case slot
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Grant, any Error>
        let timer: Task<Void, Never>
    }

    /// The most recently used is last, and used first: the others may become old, and be found broken.
    private var idle: [Idle] = []
    /// Connections lent, idle or being opened.
    private var slots = 0
    private var waiters: [Waiter] = []
    private var lastID: UInt64 = 0
    private var isClosed = false
    private var drained: [CheckedContinuation<Void, Never>] = []

    package init(_ settings: PostgresSettings, options: PostgresPoolOptions = PostgresPoolOptions()) {
        self.settings = settings
        self.options = options
    }

    /// What the pool has at this moment.
    package struct Counts: Sendable, Hashable {
        package var open: Int
        package var idle: Int
        package var waiting: Int

        package init(open: Int, idle: Int, waiting: Int) {
            (self.open, self.idle, self.waiting) = (open, idle, waiting)
        }
    }

    /// What the pool has at this moment; `open` includes connections being opened.
    package var counts: Counts { Counts(open: slots, idle: idle.count, waiting: waiters.count) }

    /// Lends a connection to `body`.
    ///
    /// - Throws: what `body` throws; ``PostgresError`` of kind `acquireTimedOut`, `connectionFailed` or `closed`.
    package nonisolated func withConnection<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire()
        do {
            let value = try await body(connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction on a connection of the pool; see `PostgresConnection.withTransaction`.
    package nonisolated func withTransaction<Value>(
        isolation: PostgresIsolation? = nil, readOnly: Bool = false,
        _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in
            try await connection.withTransaction(isolation: isolation, readOnly: readOnly, body)
        }
    }

    /// Lends no more connections, waits for those that are lent, and closes all.
    package func close() async {
        isClosed = true
        for waiter in waiters {
            waiter.timer.cancel()
            waiter.continuation.resume(throwing: closedError)
        }
        waiters = []
        let idleNow = idle
        idle = []
        slots -= idleNow.count
        for entry in idleNow { await entry.connection.close() }
        if slots > 0 { await withCheckedContinuation { drained.append($0) } }
    }

    private var closedError: PostgresError {
        PostgresError(.closed, "the connections to \(settings.redactedDescription) have been closed")
    }

    // MARK: - Borrowing

    private func acquire() async throws -> PostgresConnection {
        let start = ContinuousClock.now
        while true {
            try Task.checkCancellation()
            let grant = try await nextGrant(until: start + options.acquireTimeout)
            switch grant {
            case .slot:
                return try await open(patience: options.connectPatience)
            case .connection(let entry):
                if await isUsable(entry) { return entry.connection }
                // The slot stays ours: a connection that is opened anew takes the place of the broken one.
                return try await open(patience: options.connectPatience)
            }
        }
    }

    private func nextGrant(until deadline: ContinuousClock.Instant) async throws -> Grant {
        if isClosed { throw closedError }
        // Whoever waits already comes first; then nothing is free either.
        if waiters.isEmpty {
            if let entry = idle.popLast() { return .connection(entry) }
            if slots < options.maxConnections {
                slots += 1
                return .slot
            }
        }
        lastID += 1
        let id = lastID
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Nothing suspends between here and the handler, so a later cancel finds the waiter in the queue.
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                // Ended by whoever takes the waiter out of the queue.
                let timer = Task {
                    do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
                    self.expire(id)
                }
                waiters.append(Waiter(id: id, continuation: continuation, timer: timer))
            }
        } onCancel: {
            // Nobody waits for it; it only takes the waiter out of the queue.
            Task { await self.cancel(id) }
        }
    }

    private func take(_ id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        let waiter = waiters.remove(at: index)
        waiter.timer.cancel()
        return waiter
    }

    private func expire(_ id: UInt64) {
        take(id)?.continuation.resume(
            throwing: PostgresError(
                .acquireTimedOut,
                "no connection to \(settings.redactedDescription) became free within \(options.acquireTimeout): all "
                    + "\(options.maxConnections) are in use. Raise the pool's size, or look for work that holds on to them"
            ))
    }

    private func cancel(_ id: UInt64) {
        take(id)?.continuation.resume(throwing: CancellationError())
    }

    /// Whether an idle connection can be lent.
    ///
    /// A broken one is closed, and its slot is the caller's.
    private func isUsable(_ entry: Idle) async -> Bool {
        guard await entry.connection.checkAlive() else { return false }
        if entry.since.duration(to: .now) < options.checkAfterIdle { return true }
        do {
            try await entry.connection.ping()
            return true
        } catch {
            await entry.connection.close()
            return false
        }
    }

    /// Opens a connection for a slot that the caller has, trying again while that may help; gives the slot back if not.
    private func open(patience: Duration) async throws -> PostgresConnection {
        let end = ContinuousClock.now + patience
        var backoff = Backoff(initial: options.initialBackoff, maximum: options.maxBackoff)
        while true {
            do {
                let connection = try await PostgresConnection.connect(settings)
                if isClosed {
                    await connection.close()
                    throw closedError
                }
                return connection
            } catch {
                let pause = backoff.next()
                guard let failure = error as? PostgresError, failure.isTransient, !isClosed, .now + pause < end else {
                    giveBackSlot()
                    throw error
                }
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    giveBackSlot()
                    throw error
                }
            }
        }
    }

    // MARK: - Giving back

    private func release(_ connection: PostgresConnection) async {
        let isClean = await connection.prepareForReuse()
        if isClosed || !isClean {
            await connection.close()
            giveBackSlot()
            return
        }
        let entry = Idle(connection: connection, since: .now)
        if waiters.isEmpty {
            idle.append(entry)
        } else {
            let waiter = waiters.removeFirst()
            waiter.timer.cancel()
            waiter.continuation.resume(returning: .connection(entry))
        }
    }

    private func giveBackSlot() {
        if !isClosed, !waiters.isEmpty {
            let waiter = waiters.removeFirst()
            waiter.timer.cancel()
            waiter.continuation.resume(returning: .slot)
            return
        }
        slots -= 1
        if isClosed && slots == 0 {
            for continuation in drained { continuation.resume() }
            drained = []
        }
    }
}

extension PostgresConnection {
    /// Ends what a borrower left open.
    ///
    /// False when the connection cannot be lent again.
    func prepareForReuse() async -> Bool {
        guard isOpen, owner == nil else { return false }
        if !isInTransaction { return true }
        do {
            _ = try await query(
                PostgresStatement("ROLLBACK", prepared: false), timeout: .seconds(5), owner: nil, isCancellable: false)
            return !isInTransaction
        } catch {
            return false
        }
    }
}
