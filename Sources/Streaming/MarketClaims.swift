import CivilTime
package import Logging
package import Markets
package import PostgresClient
import ServiceLifecycle

/// Shares an exchange's markets among the workers that run.
///
/// Each worker renews its claims every two seconds and takes what is free up to its share; claims not renewed for seven
/// seconds are free, by the database's clock. So the markets of a worker that died are collected again within ten
/// seconds, and those of one that stopped in order at once. A worker cut off from the database goes on with what it
/// has: for a while two may collect the same, which storing makes harmless.
package struct MarketClaims: Service {
    /// How long a claim lasts without renewal, in seconds.
    package static let leaseSeconds = 7

    private let pool: PostgresPool
    private let exchange: Exchange
    private let worker: String
    private let beat: Duration
    private let lease: Duration
    private let logger: Logger
    private let onChange: @Sendable ([MarketCode]) async -> Void

    /// - Parameters:
    ///   - pool: connections that may write the warehouse.
    ///   - worker: this worker's name, which no other one has.
    ///   - beat: how often claims are renewed.
    ///   - onChange: called with the markets that this worker is to collect, whenever they change.
    package init(
        pool: PostgresPool, exchange: Exchange, worker: String, beat: Duration = .seconds(2),
        lease: Duration = .seconds(leaseSeconds), logger: Logger,
        onChange: @escaping @Sendable ([MarketCode]) async -> Void
    ) {
        self.pool = pool
        self.exchange = exchange
        self.worker = worker
        self.beat = beat
        self.lease = lease
        self.logger = logger
        self.onChange = onChange
    }

    /// Renews until the service group shuts down gracefully, then lets go of everything.
    package func run() async {
        await cancelWhenGracefulShutdown { await renew() }
        // Shielded: the others should not have to wait for the lease to run out.
        await Task { await release() }.value
    }

    private func renew() async {
        let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let listener = PostgresListener(pool.settings, channels: [MarketList.channel])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            group.addTask {
                for await _ in listener.events { waker.yield() }
            }
            group.addTask {
                while !Task.isCancelled {
                    waker.yield()
                    do { try await Task.sleep(for: beat) } catch { break }
                }
                waker.finish()
            }
            var held: [MarketCode]?
            for await _ in wakes {
                guard let markets = await claim(), markets != held else { continue }
                held = markets
                logger.info(
                    "markets to collect",
                    metadata: ["exchange": "\(exchange)", "markets": "\(markets.map(\.description))"])
                await onChange(markets)
            }
            group.cancelAll()
        }
    }

    /// What this worker holds after one round; nil when the database could not be asked.
    private func claim() async -> [MarketCode]? {
        do {
            return try await Self.claim(pool, exchange: exchange, worker: worker, lease: lease)
        } catch {
            if !(error is CancellationError) {
                logger.warning("claims on markets cannot be renewed", metadata: ["error": "\(error)"])
            }
            return nil
        }
    }

    /// One round of claiming, by itself.
    static func claim(
        _ pool: PostgresPool, exchange: Exchange, worker: String, lease: Duration
    ) async throws -> [MarketCode] {
        let seconds = Double(lease.wholeMicroseconds) / 1_000_000
        let rows = try await pool.query(
            "SELECT market FROM warehouse.claim_markets($1, $2, $3 * interval '1 second')",
            [exchange.rawValue, worker, seconds], timeout: .seconds(5))
        return try rows.compactMap { MarketCode(try $0.decode(0, as: String.self)) }
    }

    private func release() async {
        do {
            try await pool.query("SELECT warehouse.release_markets($1)", [worker], timeout: .seconds(2))
        } catch {
            logger.warning("claims on markets could not be released", metadata: ["error": "\(error)"])
        }
    }
}
