import CryptoFlowTasks
import FoundationEssentials

/// What `run` of the task `prices` holds.
struct PriceQuery: Decodable {
    let market: String
    let days: Int
}

/// What it returns, and what `average` gets by `{$x: prices}`.
struct Prices: Codable {
    let market: String
    let closes: [Double]
}

struct AverageArguments: Decodable {
    let prices: Prices
}

@main
enum SwiftTasks {
    static func main() async {
        var tasks = TaskHandlers()

        tasks.register("prices", arguments: PriceQuery.self) { query, context in
            guard query.days > 0 else { throw TaskFailed("days must be above 0", isRetryable: false) }
            context.logger.info("prices of \(query.market) up to \(context.logicalDate.map { "\($0)" } ?? "now")")
            return Prices(market: query.market, closes: (0..<query.days).map { 100 + Double($0) })
        }

        tasks.register("average", arguments: AverageArguments.self) { arguments, context in
            let closes = arguments.prices.closes
            let average = closes.reduce(0, +) / Double(closes.count)
            context.logger.info("average of \(closes.count)", metadata: ["average": "\(average)"])
            return average
        }

        // Cancelled by the task's execution_timeout, by `cryptoflow run cancel`, or with the worker.
        tasks.register("patient", dag: "swift_tasks") { context in
            context.logger.info("waits for its cancellation")
            try await Task.sleep(for: .seconds(3_600))
        }

        await CryptoFlowTasks.run(tasks)
    }
}
