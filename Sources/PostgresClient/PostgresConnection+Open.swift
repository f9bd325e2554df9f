import CLibPQ

extension PostgresConnection {
    /// Opens the connection without blocking on libpq's own waiting, so that the time limit and cancelling hold.
    ///
    /// Only looking up a host name blocks, and only the connection's own queue.
    func open() async throws {
        let ticket = QueryTicket()
        try Task.checkCancellation()
        try await withTaskCancellationHandler {
            try openBlocking(ticket)
        } onCancel: {
            ticket.cancel(waking: wake)
        }
    }

    private func openBlocking(_ ticket: QueryTicket) throws {
        let deadline = ContinuousClock.now + settings.connectTimeout
        let raw = try start()
        handle = raw
        do {
            try finishOpening(raw, ticket, deadline)
        } catch {
            end((error as? PostgresError) ?? PostgresError(.closed, "opening the connection was cancelled"))
            throw error
        }
    }

    /// Hands the parameters to libpq as C strings.
    private func start() throws -> OpaquePointer {
        let parameters = settings.connectionParameters
        var strings: [UnsafeMutablePointer<CChar>] = []
        defer { strings.forEach { $0.deallocate() } }
        func copy(_ text: String) -> UnsafePointer<CChar>? {
            let bytes = Array(text.utf8CString)
            let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            memory.initialize(from: bytes, count: bytes.count)
            strings.append(memory)
            return UnsafePointer(memory)
        }
        let keywords = parameters.map { copy($0.keyword) } + [nil]
        let values = parameters.map { copy($0.value) } + [nil]
        guard let raw = PQconnectStartParams(keywords, values, 0) else {
            throw PostgresError(.connectionFailed, "libpq has no memory for a connection")
        }
        return raw
    }

    private func finishOpening(_ raw: OpaquePointer, _ ticket: QueryTicket, _ deadline: ContinuousClock.Instant) throws
    {
        // With this setting a refusal's text contains its SQLSTATE; there is no other way to it while connecting.
        _ = PQsetErrorVerbosity(raw, PQERRORS_VERBOSE)
        silenceNotices(raw)
        if PQstatus(raw) == CONNECTION_BAD { throw connectFailure(raw) }
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            if state == PGRES_POLLING_FAILED { throw connectFailure(raw) }
            let events = SocketEvents.wait(
                socket: PQsocket(raw), forWriting: state == PGRES_POLLING_WRITING,
                forReading: state == PGRES_POLLING_READING, wake: wake, until: deadline)
            if ticket.isCancelled { throw CancellationError() }
            if ContinuousClock.now >= deadline { throw PostgresError.connectTimeout(settings) }
            if events.isSocketReady { state = PQconnectPoll(raw) }
        }
        _ = PQsetErrorVerbosity(raw, PQERRORS_DEFAULT)
        guard PQsetnonblocking(raw, 1) == 0, let canceller = CancelHandle(connection: raw) else {
            throw connectFailure(raw)
        }
        self.canceller = canceller
        noteServer(raw)
    }

    private func connectFailure(_ raw: OpaquePointer) -> PostgresError {
        PostgresError.connecting(to: settings, message: String(cString: PQerrorMessage(raw)))
    }

    /// libpq would print notices to stderr.
    ///
    /// The actor outlives its handle, so the unretained reference is good.
    private func silenceNotices(_ raw: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = PQsetNoticeReceiver(
            raw,
            { context, result in
                guard let context, let result else { return }
                let connection = Unmanaged<PostgresConnection>.fromOpaque(context).takeUnretainedValue()
                let severity = PQresultErrorField(result, CLibPQ_severity()).map { String(cString: $0) }
                let message = PQresultErrorField(result, CLibPQ_primaryMessage()).map { String(cString: $0) }
                let notice = PostgresNotice(severity: severity ?? "NOTICE", message: message ?? "")
                // libpq calls back only from inside a call of ours, which is on the connection's queue.
                connection.assumeIsolated { $0.noticeHandler?(notice) }
            }, context)
    }
}
