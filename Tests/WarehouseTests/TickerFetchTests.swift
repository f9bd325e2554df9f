import CivilTime
import DAGModel
import Execution
import LoopbackHTTP
import Testing

@testable import Warehouse

@Suite("Fetching tickers", .timeLimit(.minutes(2)))
struct TickerFetchTests {
    private let arguments: [String: JSONValue] = [
        "exchange": "upbit", "endpoint": "ticker_24h", "quote": "KRW", "skip_after": "10m",
    ]
    /// The run of 10:00, whose data interval is the hour before.
    private let due = instant("2026-01-05T10:00:00Z")
    private var interval: DataInterval { DataInterval(start: due - .seconds(3600), end: due) }
    private let outlets = ["bronze.ticker_24h"]

    private func upbit() throws -> FakeUpbit {
        let upbit = try FakeUpbit()
        upbit.setTickers(
            ["KRW-BTC", "KRW-ETH"], at: due, headers: [("X-Derived", "acc_trade_price_24h, trade_volume")])
        return upbit
    }

    @Test("a scheduled run keeps every market's ticker under the hour of its instant")
    func scheduled() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(), now: due + .seconds(3))
            let result = try await task.run(arguments, interval: interval, outlets: outlets)
            let asked = span("2026-01-05T10:00:00Z", hours: 1)
            #expect(result.assetChanges == [AssetChange(asset: "bronze.ticker_24h", interval: asked)])
            #expect(task.upbit.targets == ["/v1/ticker/all?quote_currencies=KRW"])
            #expect(
                try await database.rows(
                    "endpoint;interval_start;interval_end;http_status;derived;failure",
                    "FROM crypto_24hr_rawingest_landing") == [
                        "ticker_24h|2026-01-05 10:00:00+00|2026-01-05 11:00:00+00|200|"
                            + "{acc_trade_price_24h,trade_volume}|-"
                    ])
            #expect(try await database.count("FROM crypto_24hr_rawingest_events") == 2)
            #expect(
                try await database.rows("market;unit;hour;rows;final", "FROM market_coverage ORDER BY market") == [
                    "KRW-BTC|0|2026-01-05 10:00:00+00|1|true", "KRW-ETH|0|2026-01-05 10:00:00+00|1|true",
                ])

            try await database.refine("silver_tickers")
            #expect(
                try await database.rows("market;hour;price;value_derived", "FROM silver_ticker ORDER BY market") == [
                    "KRW-BTC|2026-01-05 10:00:00+00|11|true", "KRW-ETH|2026-01-05 10:00:00+00|11|true",
                ])
            #expect(
                try await database.rows("market;quote;base", "FROM market ORDER BY market")
                    == ["KRW-BTC|KRW|BTC", "KRW-ETH|KRW|ETH"])
            #expect(try await database.queries.refinementDue().isNothing)
        }
    }

    @Test("a scheduled run that starts too late skips and says why")
    func late() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(), now: due + .seconds(601))
            await #expect {
                try await task.run(arguments, interval: interval)
            } throws: {
                ($0 as? TaskSkip)?.reason
                    == "started 10m 1s after its instant 2026-01-05T10:00:00Z, and Upbit gives only the present; at "
                    + "most 10m are allowed (skip_after)"
            }
            #expect(task.upbit.targets.isEmpty)

            let punctual = try FetchTask(database, upbit: try upbit(), now: due + .seconds(600))
            try await punctual.run(arguments, interval: interval)
        }
    }

    @Test("a manual run takes the present hour, however late")
    func manual() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(), now: instant("2026-01-05T13:42:00Z"))
            let result = try await task.run(arguments, type: .manual, runAfter: due, outlets: outlets)
            #expect(result.assetChanges.first?.interval == span("2026-01-05T13:00:00Z", hours: 1))
        }
    }

    @Test("a recording that stands gives a manual run its own hour, and skips instants it has not come to")
    func standing() async throws {
        try await WarehouseDatabase.use { database in
            let standing = instant("2026-01-05T08:20:00Z")
            let task = try FetchTask(database, upbit: try upbit(), now: due, standing: standing)
            await #expect {
                try await task.run(arguments, interval: interval)
            } throws: {
                ($0 as? TaskSkip)?.reason
                    == "the recording's clock stands at 2026-01-05T08:20:00Z, before this run's instant "
                    + "2026-01-05T10:00:00Z"
            }
            let result = try await task.run(arguments, type: .manual, outlets: outlets)
            #expect(result.assetChanges.first?.interval == span("2026-01-05T08:00:00Z", hours: 1))
        }
    }

    @Test("one odd market is left out, and the others stay")
    func oddRow() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try upbit()
            upbit.setTickers(["KRW-BTC", "USDT-BTC"], at: due)
            let task = try FetchTask(database, upbit: upbit, now: due)
            let result = try await task.run(arguments, interval: interval)
            #expect(result.output?["rows"] == 1)
            #expect(task.log.contains("WARNING tickers of KRW for 2026-01-05T10:00:00Z: row 1 was left out"))
        }
    }

    @Test("no tickers at all fail the try, or skip it when the recording is over")
    func empty() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try FakeUpbit()
            let task = try FetchTask(database, upbit: upbit, now: due)
            let failure = try #require(await task.failure(arguments, interval: interval))
            #expect(failure.reason.contains("Upbit lists no market priced in KRW"))
            upbit.setTickers([], at: due, headers: [("X-Recorded", "the recording is over")])
            await #expect {
                try await task.run(arguments, interval: interval)
            } throws: {
                ($0 as? TaskSkip)?.reason == "the exchange has no tickers: the recording is over"
            }
            #expect(try await database.count("FROM crypto_24hr_rawingest_landing WHERE failure IS NOT NULL") == 2)
            #expect(try await database.count("FROM silver_due") == 0)
        }
    }

    @Test("a failing exchange is kept as evidence", arguments: [500, 503])
    func serverError(status: Int) async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(), now: due)
            task.upbit.fail(.reply(status, text: "<html>busy</html>"))
            let failure = try #require(await task.failure(arguments, interval: interval))
            #expect(failure.isRetryable)
            #expect(failure.reason.contains("Upbit failed with status \(status)"))
            #expect(
                try await database.rows("http_status;convert_from(body, 'UTF8')", "FROM crypto_24hr_rawingest_landing")
                    == ["\(status)|<html>busy</html>"])
        }
    }
}
