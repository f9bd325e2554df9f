package import CivilTime
package import DAGModel
import SchedulerCore

/// What the first start fetches, chosen once: a killed first fill goes on with the same plan.
///
///     |---- 1,000 hours of warm-up, by pages ----|---- 14 days, hour by hour ----|
///     history.start                  history.end = backfill.start      backfill.end
package struct FirstFillPlan: Sendable, Hashable, Codable {
    /// The warm-up that `candles_history` fetches.
    package let history: DataInterval
    /// The hours that a backfill of `candles_1h` fetches.
    package let backfill: DataInterval
    /// How many markets the documents name; only for the estimate.
    package let markets: Int

    /// What Gold reads before the first hour of a window.
    package static let warmUpHours: Int64 = 1000
    /// `catchup_window` of `candles_1h`, so that the schedule goes on where the backfill ends.
    package static let backfillHours: Int64 = 14 * 24
    /// DAGs that the first start keeps paused until their part is done.
    ///
    /// The program creates them paused, whatever their documents say, or the schedule would claim the hours first.
    package static let heldBack: [DAGID] = [candles, tickers]

    static let candles = DAGID("candles_1h")
    static let candleHistory = DAGID("candles_history")
    static let tickers = DAGID("ticker_24h")
    static let silver = DAGID("bronze_to_silver")
    static let gold = DAGID("gold_trend_volatility")

    /// Requests a second that an exchange takes, and the most candles in one reply (Upbit's, both).
    private static let requestsPerSecond = 10
    private static let candlesPerPage: Int64 = 200

    /// The plan whose newest hour ends at or before `present`, the exchange's present.
    package init(present: Timestamp, markets: Int = 5) {
        let end = Timestamp(seconds: present.seconds.flooredQuotient(3600) * 3600)
        let start = end - .seconds(Self.backfillHours * 3600)
        backfill = DataInterval(start: start, end: end)
        history = DataInterval(start: start - .seconds(Self.warmUpHours * 3600), end: start)
        self.markets = markets
    }

    /// Requests that the plan needs when none fails.
    package var requests: Int {
        let pages = (Self.warmUpHours + Self.candlesPerPage - 1) / Self.candlesPerPage
        return Int(pages + Self.backfillHours) * markets + 1
    }

    /// The shortest time that an exchange with Upbit's limit allows for `requests`; a live feed takes a little more.
    package func shortestTime(requests: Int? = nil) -> Duration {
        .seconds(((requests ?? self.requests) + Self.requestsPerSecond - 1) / Self.requestsPerSecond)
    }

    // MARK: - Commands

    /// A key names a step of this plan, so that asking again finds the first command and its outcome.
    func key(_ step: String) -> String { "first-fill:\(history.start.iso8601)/\(backfill.end.iso8601):\(step)" }

    var historyCommand: Command {
        let conf: JSONValue = ["start": .string(history.start.iso8601), "end": .string(history.end.iso8601)]
        return .trigger(dag: Self.candleHistory, runID: nil, logicalDate: nil, conf: conf)
    }

    /// The last logical date is that of the last hour, included.
    var backfillCommand: Command {
        .backfill(
            dag: Self.candles, from: backfill.start, to: backfill.end - .seconds(3600), reprocess: .none,
            maxActive: nil, conf: [:])
    }

    func trigger(_ dag: DAGID) -> Command { .trigger(dag: dag, runID: nil, logicalDate: nil, conf: [:]) }
}
