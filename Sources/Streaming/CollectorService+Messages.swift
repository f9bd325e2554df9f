import CivilTime
import Collecting
import Logging
import Markets
import NIOCore
import WebSocketClient
import WebSocketProtocol

/// From the socket's bytes to the bus.
extension CollectorService {
    func take(_ batch: WebSocketBatch) {
        var (good, malformed) = (0, 0)
        for message in batch.messages {
            switch message {
            case .binary(let buffer):
                buffer.withUnsafeReadableBytes { bytes in decode(bytes.assumingMemoryBound(to: UInt8.self)) }
            case .text(var text):
                text.withUTF8 { bytes in decode(bytes) }
            }
            var isKept = false
            for signal in signals {
                switch signal {
                case .event(let event, let isSnapshot):
                    good += 1
                    take(event, isSnapshot, batch)
                case .alive, .other: break
                case .refused(let name, let text): handle(.refused(name: name, message: text))
                case .malformed(let problem, let market):
                    malformed += 1
                    // A list is one message, and one letter.
                    if !isKept { keep(message, problem, market, batch.receivedAt) }
                    isKept = true
                }
            }
            signals.removeAll(keepingCapacity: true)
        }
        if malformed > 0 { handle(.malformed(count: malformed)) }
        handle(.received(count: good))
        if !buffer.isEmpty { messageBell.ring() }
    }

    private func decode(_ bytes: UnsafeBufferPointer<UInt8>) {
        parts.dialect.decode(bytes, into: &signals)
    }

    private func take(_ event: MarketEvent, _ isSnapshot: Bool, _ batch: WebSocketBatch) {
        if case .trade(let trade) = event {
            guard machine.admit(trade) else { return }
            if !isSnapshot {
                let lag = batch.receivedAt - trade.tradedAt
                machine.status.lagSeconds = Double(lag.wholeMicroseconds) / 1e6
            }
        }
        let message = StreamMessage(
            exchange: parts.dialect.exchange, event: event, origin: isSnapshot ? .snapshot : .realtime,
            receivedAt: batch.receivedAt, receivedNanoseconds: batch.receivedNanoseconds)
        if let shed = buffer.append(message, most: settings.bufferedMessages) { lose([shed]) }
    }

    /// Counts what does not reach the bus; trades are asked for again.
    private func lose(_ messages: [StreamMessage]) {
        machine.status.shed += messages.count
        for case .trade(let trade) in messages.map(\.event) { machine.forget(trade) }
    }

    /// Hands messages on until there are none and none will come.
    func publishMessages() async {
        while !Task.isCancelled {
            guard !buffer.isEmpty else {
                if isDraining { return }
                await messageBell.wait()
                continue
            }
            let messages = buffer.take(settings.publishedAtOnce)
            do {
                try await parts.bus.publish(messages)
            } catch {
                lose(messages)
                // Their trades are to be asked for again.
                handle(.tick)
                if isDraining || error is CancellationError { return }
                logger.error("the event bus does not take messages", metadata: ["error": "\(error)"])
                try? await parts.clock.sleep(until: parts.clock.now().monotonic + .seconds(1))
            }
        }
    }

    // MARK: - Dead letters

    private func keep(
        _ message: WebSocketMessage, _ problem: MalformedData, _ market: MarketCode?, _ receivedAt: Timestamp
    ) {
        let exchange = parts.dialect.exchange
        switch message {
        case .binary(let buffer):
            keep(
                DeadLetter(
                    exchange: exchange, market: market, bytes: buffer.readableBytesView, reason: problem.description,
                    receivedAt: receivedAt))
        case .text(let text):
            keep(
                DeadLetter(
                    exchange: exchange, market: market, bytes: text.utf8, reason: problem.description,
                    receivedAt: receivedAt))
        }
    }

    private func keep(_ letter: DeadLetter) {
        logger.warning(
            "a message does not decode",
            metadata: ["market": "\(letter.market?.description ?? "unknown")", "reason": "\(letter.reason)"])
        guard letters.count < settings.bufferedLetters else { return }
        letters.append(letter)
        letterBell.ring()
    }

    func publishLetters() async {
        while !Task.isCancelled {
            guard !letters.isEmpty else {
                if isDraining { return }
                await letterBell.wait()
                continue
            }
            let taken = letters
            letters = []
            await parts.deadLetters.accept(taken)
        }
    }

    // MARK: - Fills

    /// Walks back through a market's trades and publishes those that never came.
    func fill(_ request: FillRequest) async {
        var outcome = FillOutcome()
        do {
            try await parts.rest.walkTrades(
                market: request.market, backTo: request.from - settings.overlap, count: request.count
            ) { reply in
                let rows = try reply.outcome.get()
                for row in rows.rejected {
                    machine.status.malformed += 1
                    keep(
                        DeadLetter(
                            exchange: parts.dialect.exchange, market: request.market,
                            bytes: reply.raw.body[row.payload],
                            reason: row.problem.description, receivedAt: reply.raw.receivedAt))
                }
                let page = rows.accepted.map(\.value)
                if let newest = page.first?.tradedAt { outcome.newest = max(outcome.newest ?? newest, newest) }
                let missing = machine.missing(in: page, for: request, now: reply.raw.receivedAt)
                outcome.found += missing.counted
                try await publish(missing.trades, receivedAt: reply.raw.receivedAt)
            }
        } catch {
            outcome.problem = "\(error)"
        }
        handle(.filled(request, outcome))
    }

    /// Straight to the bus, which sets the pace: nothing of a fill waits in the buffer or is shed there.
    private func publish(_ trades: [Trade], receivedAt: Timestamp) async throws {
        guard !trades.isEmpty else { return }
        let nanoseconds = WebSocketBatch.monotonicNanoseconds()
        let messages = trades.map { trade in
            StreamMessage(
                exchange: parts.dialect.exchange, event: .trade(trade), origin: .fill, receivedAt: receivedAt,
                receivedNanoseconds: nanoseconds)
        }
        do {
            try await parts.bus.publish(messages)
        } catch {
            lose(messages)
            throw error
        }
    }
}
