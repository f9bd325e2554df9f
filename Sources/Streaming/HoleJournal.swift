import CivilTime
package import Logging
package import Markets
package import PostgresClient
import ServiceLifecycle

/// Keeps note, durably, of which markets may lack trades, so that a crash during the search for past ones is made good.
///
/// Without it the newest stored trade would tell where to go on, which is wrong once trades after a gap are stored and
/// those within it are not. A hole is noted before anything newer is stored (with the claim on the market), and struck
/// out only when the collector lacked nothing at some moment and all it had published by then is stored.
package struct HoleJournal: Service {
    private let pool: PostgresPool
    private let exchange: Exchange
    private let interval: Duration
    private let logger: Logger
    private let gaps: @Sendable () async -> GapReport
    private let trades: @Sendable () -> SinkStatus
    private static let timeout = Duration.seconds(5)

    /// - Parameters:
    ///   - gaps: what the collector lacks now.
    ///   - trades: what the sink of trades has done.
    package init(
        pool: PostgresPool, exchange: Exchange, interval: Duration = .seconds(1), logger: Logger,
        gaps: @escaping @Sendable () async -> GapReport, trades: @escaping @Sendable () -> SinkStatus
    ) {
        self.pool = pool
        self.exchange = exchange
        self.interval = interval
        self.logger = logger
        self.gaps = gaps
        self.trades = trades
    }

    /// A report that waits until what was published before it is stored.
    private struct Pending {
        let closed: Set<MarketCode>
        let batchesDone: Int
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            var pending: Pending?
            while !Task.isCancelled {
                let report = await gaps()
                let status = trades()
                if let waiting = pending, Self.isPast(waiting, status) {
                    // What has been found to lack since stays noted.
                    await write(open: report.open, closed: waiting.closed.subtracting(report.open.keys))
                    pending = nil
                } else {
                    await write(open: report.open, closed: [])
                }
                if pending == nil { pending = Pending(closed: report.closed, batchesDone: status.batchesDone) }
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
    }

    /// Whether everything published before the report is stored.
    ///
    /// Each batch is all that waited when it was taken: the one under way then and the next one hold it; or nothing is
    /// under way and nothing waits.
    private static func isPast(_ pending: Pending, _ status: SinkStatus) -> Bool {
        status.batchesDone >= pending.batchesDone + 2
            || (status.waiting == 0 && status.batchesTaken == status.batchesDone)
    }

    private func write(open: [MarketCode: Timestamp], closed: Set<MarketCode>) async {
        guard !open.isEmpty || !closed.isEmpty else { return }
        let ordered = open.sorted { $0.key < $1.key }
        do {
            try await pool.pipeline(
                [
                    PostgresStatement(
                        """
                        INSERT INTO warehouse.stream_hole AS old (exchange, market, since)
                        SELECT $1, * FROM unnest($2, $3) AS hole (market, since)
                        ON CONFLICT (exchange, market) DO UPDATE SET since = excluded.since
                        WHERE excluded.since < old.since
                        """, [exchange.rawValue, ordered.map(\.key.description), ordered.map(\.value)]),
                    PostgresStatement(
                        "DELETE FROM warehouse.stream_hole WHERE exchange = $1 AND market = ANY($2)",
                        [exchange.rawValue, closed.map(\.description).sorted()]),
                ], timeout: Self.timeout)
        } catch {
            if !(error is CancellationError) {
                logger.debug("holes cannot be noted at present", metadata: ["error": "\(error)"])
            }
        }
    }
}
