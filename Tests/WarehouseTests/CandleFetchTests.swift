import CivilTime
import DAGModel
import Execution
import LoopbackHTTP
import Testing

@testable import Warehouse

@Suite("Fetching candles", .timeLimit(.minutes(2)))
struct CandleFetchTests {
    private static let markets: JSONValue = ["KRW-BTC", "KRW-ETH"]
    private let arguments: [String: JSONValue] = [
        "exchange": "upbit", "endpoint": "candles", "unit": 60, "markets": markets,
    ]
    private let hour = span("2026-01-05T10:00:00Z", hours: 1)
    private let later = instant("2026-01-07T00:00:00Z")

    private func upbit(_ interval: DataInterval, except: Set<Timestamp> = []) throws -> FakeUpbit {
        let upbit = try FakeUpbit()
        for market in ["KRW-BTC", "KRW-ETH"] { upbit.fill(market, interval, except: except) }
        return upbit
    }

    @Test("a run of one hour asks for exactly its candle of each market and keeps reply, event and coverage")
    func oneHour() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(span("2026-01-05T00:00:00Z", hours: 24)), now: later)
            let result = try await task.run(arguments, interval: hour)

            #expect(
                Set(task.upbit.targets) == [
                    "/v1/candles/minutes/60?market=KRW-BTC&count=1&to=2026-01-05T11%3A00%3A00Z",
                    "/v1/candles/minutes/60?market=KRW-ETH&count=1&to=2026-01-05T11%3A00%3A00Z",
                ])
            #expect(
                try await database.rows(
                    "source;endpoint;interval_start;interval_end;http_status;jsonb_array_length(payload);body;derived;"
                        + "failure",
                    "FROM crypto_24hr_rawingest_landing")
                    == Array(
                        repeating: "upbit|candles|2026-01-05 10:00:00+00|2026-01-05 11:00:00+00|200|1|-|"
                            + "{candle_acc_trade_price}|-", count: 2))
            #expect(
                try await database.rows(
                    "symbol;ts_event;payload->>'unit'", "FROM crypto_24hr_rawingest_events ORDER BY 1")
                    == ["KRW-BTC|2026-01-05 10:00:00+00|60", "KRW-ETH|2026-01-05 10:00:00+00|60"])
            #expect(
                try await database.rows("market;unit;hour;rows;final", "FROM market_coverage ORDER BY 1") == [
                    "KRW-BTC|60|2026-01-05 10:00:00+00|1|true", "KRW-ETH|60|2026-01-05 10:00:00+00|1|true",
                ])
            #expect(try await database.count("FROM silver_due") == 2)

            #expect(result.assetChanges == [AssetChange(asset: "bronze.candles_1h", interval: hour)])
            #expect(result.output?["rows"] == 2)
            #expect(result.output?["calls"] == 2)
            #expect(result.output?["landing_ids"]?.arrayValue?.count == 2)
            #expect(result.output?["interval"]?["start"] == "2026-01-05T10:00:00Z")
            #expect(task.log.contains("KRW-BTC 2026-01-05T10:00:00Z/2026-01-05T11:00:00Z: status 200, 1 row,"))
        }
    }

    @Test("an hour that the exchange has no candle of is known as without trade")
    func gap() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try upbit(span("2026-01-05T00:00:00Z", hours: 24), except: [hour.start])
            let task = try FetchTask(database, upbit: upbit, now: later)
            try await task.run(arguments, interval: hour)

            #expect(try await database.count("FROM crypto_24hr_rawingest_landing WHERE failure IS NULL") == 2)
            #expect(try await database.count("FROM crypto_24hr_rawingest_events") == 0)
            #expect(
                try await database.rows("hour;rows;final", "FROM market_coverage")
                    == Array(repeating: "2026-01-05 10:00:00+00|0|true", count: 2))
        }
    }

    @Test("hours before a market's first candle are without trade")
    func beforeTheBeginning() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            try await task.run(arguments, interval: span("2026-01-05T08:00:00Z", hours: 3))
            #expect(
                try await database.rows("hour;rows;final", "FROM market_coverage WHERE market = 'KRW-BTC' ORDER BY 1")
                    == [
                        "2026-01-05 08:00:00+00|0|true", "2026-01-05 09:00:00+00|0|true",
                        "2026-01-05 10:00:00+00|1|true",
                    ])
        }
    }

    @Test("a refusal for too many requests is kept, fails the try, and the next try succeeds")
    func tooManyRequests() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later, marketsAtOnce: 1)
            task.upbit.fail(.reply(429, text: #"{"error":{"name":"too_many_requests","message":"slow"}}"#))
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(failure.isRetryable)
            #expect(
                failure.reason == "KRW-BTC 2026-01-05T10:00:00Z/2026-01-05T11:00:00Z: Upbit answered 429, too many "
                    + "requests; try 2 of 9 follows")
            // Nothing more was asked after the refusal.
            #expect(
                try await database.rows(
                    "http_status;payload->'error'->>'name';failure IS NULL", "FROM crypto_24hr_rawingest_landing")
                    == ["429|too_many_requests|false"])
            #expect(try await database.count("FROM market_coverage") == 0)
            #expect(try await database.count("FROM silver_due") == 0)

            try await task.run(arguments, interval: hour, tryNumber: 2)
            #expect(try await database.count("FROM crypto_24hr_rawingest_landing") == 3)
            #expect(try await database.count("FROM market_coverage WHERE final") == 2)
        }
    }

    @Test("replies that are no JSON leave their bytes, and no coverage", arguments: [false, true])
    func truncated(isCutOff: Bool) async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            let half = #"[{"market":"KRW-ETH","candle_date_time_utc":"2026-"#
            if isCutOff {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
                task.upbit.fail(.send(Array((head + half).utf8)), .close, for: "KRW-ETH")
            } else {
                task.upbit.fail(.reply(text: half), for: "KRW-ETH")
            }
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(failure.isRetryable)
            #expect(failure.reason.contains("KRW-ETH"))
            #expect(
                failure.reason.contains(isCutOff ? "no whole reply came from Upbit" : "Upbit's reply is not usable"))
            #expect(
                try await database.rows(
                    "http_status;payload;convert_from(body, 'UTF8')",
                    "FROM crypto_24hr_rawingest_landing WHERE failure IS NOT NULL") == ["200|-|\(half)"])
            #expect(try await database.rows("market", "FROM market_coverage WHERE market = 'KRW-ETH'") == [])
        }
    }

    @Test("a reply that never comes is a landing row without a status")
    func noReply() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            task.upbit.fail(.reset, for: "KRW-ETH")
            task.upbit.fail(.reset, for: "KRW-ETH")
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(failure.isRetryable)
            #expect(failure.reason.contains("no whole reply came from Upbit"))
            #expect(
                try await database.rows(
                    "http_status;payload;body;request",
                    "FROM crypto_24hr_rawingest_landing WHERE failure IS NOT NULL")
                    == ["-|-|-|GET /v1/candles/minutes/60?market=KRW-ETH&count=1&to=2026-01-05T11%3A00%3A00Z"])
        }
    }

    @Test("a row that makes no sense spoils its reply, which stays")
    func senseless() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            task.upbit.set(
                "KRW-BTC", hour.start, .init(open: "1", high: "2", low: "3", close: "1", volume: "1"))
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(failure.reason.contains("high_price"))
            #expect(
                try await database.count(
                    "FROM crypto_24hr_rawingest_landing WHERE failure LIKE '%high_price%' AND payload IS NOT NULL") == 1
            )
            #expect(try await database.count("FROM crypto_24hr_rawingest_events WHERE symbol = 'KRW-BTC'") == 0)
        }
    }

    @Test("JSON that PostgreSQL cannot hold is kept as bytes")
    func unholdable() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            task.upbit.fail(.reply(400, text: #"{"error":{"name":400,"message":"a\u0000b"}}"#), for: "KRW-BTC")
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(failure.reason.contains("JSON that PostgreSQL cannot hold"))
            #expect(
                try await database.count(
                    "FROM crypto_24hr_rawingest_landing WHERE body IS NOT NULL AND http_status = 400") == 1)
        }
    }

    @Test("an unknown market fails for good and names the nearest known one")
    func unknownMarket() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            var arguments = arguments
            arguments["markets"] = ["KRW-BTC", "KRW-BTD"]
            let failure = try #require(await task.failure(arguments, interval: hour))
            #expect(!failure.isRetryable)
            #expect(failure.reason.contains("KRW-BTD"))
            #expect(failure.reason.contains("Code not found"))
            #expect(failure.reason.hasSuffix("is KRW-BTC meant? Correct the task's markets"))
            #expect(try await database.count("FROM crypto_24hr_rawingest_landing WHERE http_status = 404") == 1)
        }
    }

    @Test("a block names its end")
    func blocked() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            task.upbit.fail(.reply(418, headers: [("Retry-After", "600")], text: "{}"))
            let first = try #require(await task.failure(arguments, interval: hour))
            #expect(first.isRetryable)
            #expect(first.reason.contains("Upbit blocks this address until about 20"))
            let asked = task.upbit.targets.count
            // While it lasts nothing is sent, and nothing is waited for.
            let second = try #require(await task.failure(arguments, interval: hour))
            #expect(second.reason.contains("Upbit blocks this address until about 20"))
            #expect(task.upbit.targets.count == asked)
        }
    }

    @Test("a rerun adds replies and no events, and coverage follows the latest request")
    func rerun() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            try await task.run(arguments, interval: hour)
            try await task.run(arguments, interval: hour)
            #expect(try await database.count("FROM crypto_24hr_rawingest_landing") == 4)
            #expect(try await database.count("FROM crypto_24hr_rawingest_events") == 2)
            #expect(try await database.count("FROM market_coverage") == 2)
            #expect(try await database.count("FROM market_coverage WHERE call_id > 2") == 2)

            // A candle that the exchange corrected is another event.
            task.upbit.set("KRW-BTC", hour.start, .init(open: "1", high: "2", low: "1", close: "2", volume: "1"))
            try await task.run(arguments, interval: hour)
            #expect(try await database.count("FROM crypto_24hr_rawingest_events") == 3)
        }
    }

    @Test("a long stretch is fetched by pages of 200 backwards, with every hour covered once")
    func paging() async throws {
        try await WarehouseDatabase.use { database in
            let stretch = span("2025-12-01T00:00:00Z", hours: 450)
            let gaps: Set<Timestamp> = [stretch.start + .seconds(36_000), stretch.start + .seconds(432_000)]
            let task = try FetchTask(
                database, upbit: try upbit(span("2025-11-30T00:00:00Z", hours: 600), except: gaps), now: later)
            var arguments = arguments
            arguments["start"] = .string(stretch.start.iso8601)
            arguments["end"] = .string(stretch.end.iso8601)
            let result = try await task.run(arguments)

            #expect(task.upbit.targets.count == 6)
            #expect(result.output?["rows"] == 896)
            #expect(result.output?["landing_ids"]?.arrayValue?.count == 6)
            #expect(
                try await database.rows(
                    "count(*);sum(rows);min(hour);max(hour);bool_and(final)",
                    "FROM market_coverage WHERE market = 'KRW-BTC'")
                    == ["450|448|2025-12-01 00:00:00+00|2025-12-19 17:00:00+00|true"])
            #expect(try await database.count("FROM crypto_24hr_rawingest_events WHERE ts_event < '2025-12-01'") == 0)
            #expect(result.assetChanges.first?.interval == stretch)
        }
    }

    @Test("no time to fetch is an error that says what to give", arguments: ["", "None", "null"])
    func noInterval(rendered: String) async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(database, upbit: try upbit(hour), now: later)
            var arguments = arguments
            arguments["start"] = .string(rendered)
            arguments["end"] = .string(rendered)
            let failure = try #require(await task.failure(arguments))
            #expect(!failure.isRetryable)
            #expect(failure.reason.contains("give start and end"))
            #expect(task.upbit.targets.isEmpty)
        }
    }

    @Test("an interval that the recording has not come to is skipped")
    func standingClock() async throws {
        try await WarehouseDatabase.use { database in
            let task = try FetchTask(
                database, upbit: try upbit(span("2026-01-05T00:00:00Z", hours: 24)), now: later,
                standing: instant("2026-01-05T10:30:00Z"))
            await #expect {
                try await task.run(arguments, interval: hour)
            } throws: {
                ($0 as? TaskSkip)?.reason
                    == "the recording's clock stands at 2026-01-05T10:30:00Z, before this interval's end at "
                    + "2026-01-05T11:00:00Z"
            }
            // The hour before is over: nothing can change it while the clock stands.
            try await task.run(arguments, interval: span("2026-01-05T09:00:00Z", hours: 1))
            #expect(try await database.count("FROM market_coverage WHERE final") == 2)
        }
    }
}
