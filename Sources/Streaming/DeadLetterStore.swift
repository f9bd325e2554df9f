import CivilTime
package import Logging
import Markets
package import PostgresClient
import ServiceLifecycle
import Synchronization

/// Keeps the newest dead letters in the database: 64 KiB of each, 10,000 of them.
///
/// A flood of garbage must not become a flood of writes: at most 256 letters wait, the others are only counted.
package struct DeadLetterStore: Service, DeadLetterSink {
    private static let reasonLimit = 1_000
    private static let timeout = Duration.seconds(30)

    /// The store's figures.
    package let figures = SinkFigures(name: "dead_letters")
    private let pool: PostgresPool
    private let rowLimit: Int
    private let logger: Logger
    private let letters: AsyncStream<DeadLetter>
    private let input: AsyncStream<DeadLetter>.Continuation

    /// - Parameter rowLimit: how many letters the table keeps.
    package init(pool: PostgresPool, rowLimit: Int = 10_000, logger: Logger) {
        self.pool = pool
        self.rowLimit = rowLimit
        self.logger = logger
        (letters, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(256))
    }

    package func accept(_ letters: [DeadLetter]) async {
        for letter in letters {
            if case .enqueued = input.yield(letter) { continue }
            figures.update { $0.dropped += 1 }
        }
    }

    /// Takes nothing more; ``run()`` ends when the rest is done.
    package func finish() { input.finish() }

    package func run() async throws {
        await withGracefulShutdownHandler {
            for await letter in letters { await store(letter) }
        } onGracefulShutdown: {
            finish()
        }
    }

    /// One try: a letter is evidence, not market data, and must not hold anything up.
    private func store(_ letter: DeadLetter) async {
        let start = ContinuousClock.now
        do {
            try await pool.pipeline([insertion(of: letter), pruning], timeout: Self.timeout)
            figures.committed(stored: 1, took: start.duration(to: .now))
        } catch {
            figures.update { $0.dropped += 1 }
            figures.failed("\(error)")
            logger.warning("a dead letter could not be stored", metadata: ["error": "\(error)"])
        }
    }

    private func insertion(of letter: DeadLetter) -> PostgresStatement {
        // PostgreSQL's text has no zero byte.
        let reason = String(letter.reason.prefix(Self.reasonLimit).filter { $0 != "\0" })
        return PostgresStatement(
            """
            INSERT INTO warehouse.stream_dead_letter (exchange, market, reason, size, bytes, received_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                letter.exchange.rawValue, letter.market?.description, reason, letter.length, letter.bytes,
                letter.receivedAt,
            ])
    }

    /// Every letter makes room for itself, and for a few more in case there were too many.
    private var pruning: PostgresStatement {
        PostgresStatement(
            """
            DELETE FROM warehouse.stream_dead_letter WHERE id IN (
                SELECT id FROM warehouse.stream_dead_letter
                WHERE id <= (SELECT max(id) FROM warehouse.stream_dead_letter) - $1
                ORDER BY id LIMIT 100)
            """, [rowLimit])
    }
}
