import CivilTime
package import Logging
import Markets
import PostgresClient
import ServiceLifecycle

/// Takes every trade off the bus into the database, exactly once.
///
/// Commits are grouped without a timer: one is under way, and what gathers meanwhile is the next. While the database is
/// away it tries again and again, the subscription fills, and publishers wait: nothing is lost, and memory is bounded.
/// On a graceful shutdown it stores what the bus holds, then ends; stop the collectors first.
package struct TradeSink: Service {
    /// Sees every batch once it is durable.
    package typealias Observer = @Sendable (_ messages: [StreamMessage], _ outcome: TradeStore.Outcome) -> Void

    /// The sink's figures.
    package let figures = SinkFigures(name: "trades")
    private let subscription: any BusSubscription
    private let store: TradeStore
    private let deadLetters: (any DeadLetterSink)?
    private let observer: Observer?
    private let logger: Logger

    /// Subscribes: trades published from now on are stored once ``run()`` runs.
    ///
    /// - Parameters:
    ///   - capacity: the most trades that wait in the bus, and so in one commit.
    ///   - deadLetters: where a trade goes that the database refuses as data; without it, such a trade is only counted.
    package init(
        bus: any EventBus, store: TradeStore, capacity: Int = 16_384, deadLetters: (any DeadLetterSink)? = nil,
        logger: Logger, observer: Observer? = nil
    ) async throws {
        subscription = try await bus.subscribe(
            SubscriptionRequest(name: "trades", kinds: [.trade], capacity: capacity, overflow: .wait))
        self.store = store
        self.deadLetters = deadLetters
        self.observer = observer
        self.logger = logger
    }

    /// The figures, with what waits in the bus.
    package var status: SinkStatus { figures.now(of: subscription) }

    /// Takes nothing that is published from now on; ``run()`` ends when the rest is done.
    package func finish() { subscription.finish() }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await consume(subscription)
        } onGracefulShutdown: {
            finish()
        }
    }

    private func consume(_ subscription: some BusSubscription) async throws {
        for try await batch in subscription {
            figures.update { $0.batchesTaken += 1 }
            guard await storeAll(batch[...]) else { return }
            figures.update { $0.batchesDone += 1 }
        }
    }

    /// Tries until the trades are stored; false when the task was cancelled meanwhile.
    private func storeAll(_ messages: ArraySlice<StreamMessage>) async -> Bool {
        var pause = RetryPause()
        let batch = Array(messages)
        while !Task.isCancelled {
            let start = ContinuousClock.now
            do {
                let outcome = try await store.store(batch)
                figures.committed(
                    stored: outcome.stored, duplicates: outcome.duplicates, took: start.duration(to: .now))
                observer?(batch, outcome)
                return true
            } catch let error as PostgresError where Self.isAboutData(error) {
                return await storeSplit(messages, error)
            } catch is CancellationError {
                return false
            } catch {
                figures.failed("\(error)")
                logger.warning(
                    "trades cannot be stored at present",
                    metadata: ["trades.waiting": "\(batch.count)", "error": "\(error)"])
                do { try await Task.sleep(for: pause.next()) } catch { return false }
            }
        }
        return false
    }

    /// Finds the trade that the database refuses by halving, so that the others are stored.
    private func storeSplit(_ messages: ArraySlice<StreamMessage>, _ error: PostgresError) async -> Bool {
        guard messages.count > 1 else {
            if let message = messages.first { await refuse(message, error) }
            return true
        }
        let middle = messages.startIndex + messages.count / 2
        guard await storeAll(messages[..<middle]) else { return false }
        return await storeAll(messages[middle...])
    }

    private func refuse(_ message: StreamMessage, _ error: PostgresError) async {
        figures.update { $0.dropped += 1 }
        logger.error(
            "the database refuses a trade", metadata: ["market": "\(message.event.market)", "error": "\(error)"])
        let letter = DeadLetter(
            exchange: message.exchange, market: message.event.market, bytes: "\(message.event)".utf8,
            reason: "the database refuses the trade: \(error)", receivedAt: message.receivedAt)
        await deadLetters?.accept([letter])
    }

    /// Data exceptions, violated constraints and what our own functions refuse: trying again cannot help.
    private static func isAboutData(_ error: PostgresError) -> Bool {
        guard error.kind == .server, let state = error.sqlState else { return false }
        return state.classCode == "22" || state.classCode == "23" || state == .raisedException
    }
}
