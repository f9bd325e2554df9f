package import Collecting
package import Logging
package import Markets
import ServiceLifecycle

/// Writes the status of this worker's collectors to the board every second, and once more at the end.
package struct StatusReporter: Service {
    private let board: CollectorBoard
    private let worker: String
    private let interval: Duration
    private let restURL: [Exchange: String]
    private let statuses: @Sendable () async -> [CollectorStatus]
    private let trades: @Sendable () -> SinkStatus
    private let logger: Logger

    /// - Parameters:
    ///   - restURL: the REST address asked, by exchange.
    ///   - statuses: what the collectors do now.
    ///   - trades: what the sink of trades has done.
    package init(
        board: CollectorBoard, worker: String, interval: Duration = .seconds(1), restURL: [Exchange: String],
        logger: Logger, statuses: @escaping @Sendable () async -> [CollectorStatus],
        trades: @escaping @Sendable () -> SinkStatus
    ) {
        self.board = board
        self.worker = worker
        self.interval = interval
        self.restURL = restURL
        self.logger = logger
        self.statuses = statuses
        self.trades = trades
    }

    package func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await report()
                do { try await Task.sleep(for: interval) } catch { break }
            }
        }
        // Shielded: the last word is that the collectors have stopped.
        await Task { await report() }.value
    }

    private func report() async {
        do {
            try await board.write(worker: worker, statuses: await statuses(), restURL: restURL, trades: trades())
        } catch is CancellationError {
            return
        } catch {
            logger.debug("the collectors' status cannot be written", metadata: ["error": "\(error)"])
        }
    }
}
