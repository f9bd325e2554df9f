import CivilTime
package import Logging
import Markets
package import PostgresClient
import ServiceLifecycle
import Synchronization

/// Stores the best ten levels of each market's order book, the last book of every half second.
///
/// While the database is away the slots wait, bounded in number; then the oldest are given up and counted.
package struct BookSink: Service {
    /// The sink's figures.
    package let figures = SinkFigures(name: "orderbooks")
    /// Levels kept of each side.
    package static let levels = 10
    private static let timeout = Duration.seconds(30)
    /// Rows in one statement, at most.
    private static let batchLimit = 2_000

    private let subscription: any BusSubscription
    private let pool: PostgresPool
    private let interval: Duration
    private let logger: Logger
    private let slots: Shared

    /// What the reader fills and the writer empties.
    private final class Shared: Sendable {
        let slots = Mutex(BookSlots())
        let preparedDays = Mutex<Set<Int64>>([])
    }

    /// Subscribes: books published from now on are taken once ``run()`` runs.
    ///
    /// - Parameter interval: how often slots are stored.
    package init(
        bus: any EventBus, pool: PostgresPool, interval: Duration = .milliseconds(500), logger: Logger
    ) async throws {
        subscription = try await bus.subscribe(
            SubscriptionRequest(name: "orderbooks", kinds: [.orderBook], capacity: 4_096, overflow: .shed))
        self.pool = pool
        self.interval = interval
        self.logger = logger
        slots = Shared()
    }

    /// The figures, with what waits in the bus and what was shed.
    package var status: SinkStatus { figures.now(of: subscription) }

    /// Takes nothing that is published from now on; ``run()`` ends when the rest is done.
    package func finish() { subscription.finish() }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        do { try await Task.sleep(for: interval) } catch { return }
                        await flush()
                    }
                }
                try await consume(subscription)
                group.cancelAll()
            }
            await flush()
        } onGracefulShutdown: {
            finish()
        }
    }

    private func consume(_ subscription: some BusSubscription) async throws {
        for try await batch in subscription {
            slots.slots.withLock { slots in
                for message in batch { slots.take(message) }
            }
        }
    }

    private func flush() async {
        let pending = slots.slots.withLock { slots in
            defer { slots = BookSlots() }
            return slots
        }
        guard !pending.isEmpty else { return }
        let start = ContinuousClock.now
        do {
            let stored = try await store(pending)
            figures.committed(stored: stored, duplicates: pending.books.count - stored, took: start.duration(to: .now))
        } catch {
            let given = slots.slots.withLock { $0.putBack(pending) }
            figures.update { $0.dropped += given }
            figures.failed("\(error)")
            if !(error is CancellationError) {
                logger.warning("order books cannot be stored at present", metadata: ["error": "\(error)"])
            }
        }
    }

    private func store(_ pending: BookSlots) async throws -> Int {
        var stored = 0
        let ordered = pending.books.sorted { ($0.key.key, $0.key.start) < ($1.key.key, $1.key.start) }
        let days = Set(ordered.map { $0.key.start.seconds.flooredQuotient(86_400) })
        for day in days.subtracting(slots.preparedDays.withLock { $0 }) {
            try await pool.query(
                "SELECT warehouse.prepare_stream_month($1)", [Timestamp(seconds: day * 86_400)], timeout: Self.timeout)
            slots.preparedDays.withLock { _ = $0.insert(day) }
        }
        var index = 0
        while index < ordered.count {
            let end = min(index + Self.batchLimit, ordered.count)
            let statements = ordered[index..<end].map { statement($0.key, $0.value.book, $0.value.receivedAt) }
            stored += try await pool.pipeline(statements, timeout: Self.timeout).reduce(0) { $0 + $1.affectedRows }
            index = end
        }
        return stored
    }

    private func statement(_ slot: BookSlots.Slot, _ book: OrderBook, _ receivedAt: Timestamp) -> PostgresStatement {
        let (bids, asks) = (book.bids.prefix(Self.levels), book.asks.prefix(Self.levels))
        return PostgresStatement(
            Self.sql,
            [
                slot.key.exchange.rawValue, slot.key.market.description, slot.start, book.exchangeTime,
                bids.map { PostgresNumeric($0.price.description) }, bids.map { PostgresNumeric($0.size.description) },
                asks.map { PostgresNumeric($0.price.description) }, asks.map { PostgresNumeric($0.size.description) },
                PostgresNumeric(book.totalBidSize.description), PostgresNumeric(book.totalAskSize.description),
                receivedAt,
            ])
    }

    /// A slot ends up with its newest book, whoever stores it and in whatever order.
    private static let sql = """
        INSERT INTO warehouse.silver_orderbook AS old (
            exchange, market, slot, book_time, bid_prices, bid_sizes, ask_prices, ask_sizes, total_bid_size,
            total_ask_size, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (exchange, market, slot) DO UPDATE SET
            book_time = excluded.book_time, bid_prices = excluded.bid_prices, bid_sizes = excluded.bid_sizes,
            ask_prices = excluded.ask_prices, ask_sizes = excluded.ask_sizes,
            total_bid_size = excluded.total_bid_size, total_ask_size = excluded.total_ask_size,
            received_at = excluded.received_at
        WHERE excluded.book_time > old.book_time
        """
}
