import CLibPQ
import DequeModule

/// A pipeline that was sent and is not answered yet.
struct SentPipeline {
    let statements: [PostgresStatement]
    let steps: [PostgresConnection.PipelineStep]
    let answer: CheckedContinuation<[PostgresResult], any Error>
    /// Sent a second time, since a prepared statement of it was stale.
    let isRepeated: Bool
}

extension PostgresConnection {
    /// Sends what `requests` has and whatever comes meanwhile, each as a transaction of its own, and answers them in order:
    /// the server finds the next one when it is done with one.
    ///
    /// Returns when all are answered. Those that were sent before the connection was lost fail with that.
    func serve(_ requests: PipelineRequests) {
        var exchange = Exchange(ticket: nil, timeout: nil)
        do {
            guard let handle else { throw ending ?? PostgresError(.closed, "the connection has not been opened") }
            try dropDiscarded(handle, &exchange)
            guard PQenterPipelineMode(handle) == 1 else { throw lose(nil) }
        } catch {
            // Nothing was sent: what waits may be sent on another connection, but whoever is first learns of it.
            requests.next()?.answer.resume(throwing: error)
            return
        }
        // Only now: outside of pipeline mode one thing at a time can be sent.
        exchange.requests = requests
        sendRequests(requests)
        while let oldest = sent.first, let handle {
            exchange.sawStalePlan = false
            let results = Swift.Result { try readAnswers(oldest.steps, oldest.statements, handle, &exchange) }
            sent.removeFirst()
            if case .failure = results, exchange.sawStalePlan, !oldest.isRepeated, self.handle != nil {
                // Nothing of it has happened, and now it is prepared anew.
                send(oldest.statements, oldest.answer, isRepeated: true)
            } else {
                oldest.answer.resume(with: results)
            }
            sendRequests(requests)
        }
        let lost = ending ?? PostgresError(.connectionLost, "the connection was lost")
        while let unanswered = sent.popFirst() { unanswered.answer.resume(throwing: lost) }
        if let handle { _ = PQexitPipelineMode(handle) }
        drainNotifications()
    }

    /// Sends what waits.
    func sendRequests(_ requests: PipelineRequests) {
        while handle != nil, let request = requests.next() {
            do {
                let statements = try request.statements()
                for statement in statements { try statement.validate() }
                if statements.isEmpty {
                    request.answer.resume(returning: [])
                } else {
                    send(statements, request.answer, isRepeated: false)
                }
            } catch {
                request.answer.resume(throwing: error)
            }
        }
    }

    private func send(
        _ statements: [PostgresStatement], _ answer: CheckedContinuation<[PostgresResult], any Error>, isRepeated: Bool
    ) {
        guard let handle else {
            answer.resume(throwing: ending ?? PostgresError(.connectionLost, "the connection was lost"))
            return
        }
        do {
            let steps = try sendPipeline(statements, handle)
            sent.append(SentPipeline(statements: statements, steps: steps, answer: answer, isRepeated: isRepeated))
        } catch {
            answer.resume(throwing: error)
        }
    }
}
