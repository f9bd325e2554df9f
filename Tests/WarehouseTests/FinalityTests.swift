import CivilTime
import DAGModel
import Execution
import TestClocks
import Testing

@testable import Warehouse

@Suite("When an hour is final", .timeLimit(.minutes(2)))
struct FinalityTests {
    private let arguments: [String: JSONValue] = [
        "exchange": "upbit", "endpoint": "candles", "markets": ["KRW-BTC"],
    ]
    private let hour = span("2026-01-05T10:00:00Z", hours: 1)

    @Test("a later candle makes the hour final at once")
    func laterCandle() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try FakeUpbit()
            upbit.fill("KRW-BTC", span("2026-01-05T10:00:00Z", hours: 2))
            let task = try FetchTask(database, upbit: upbit, now: hour.end + .seconds(2))
            try await task.run(arguments, interval: hour)
            #expect(upbit.targets == ["/v1/candles/minutes/60?market=KRW-BTC&count=2&to=2026-01-05T12%3A00%3A00Z"])
            #expect(
                try await database.rows("hour;rows;final", "FROM market_coverage") == ["2026-01-05 10:00:00+00|1|true"])
            // The candle under way stays in the reply and is no event.
            #expect(
                try await database.rows("jsonb_array_length(payload)", "FROM crypto_24hr_rawingest_landing") == ["2"])
            #expect(try await database.count("FROM crypto_24hr_rawingest_events") == 1)
        }
    }

    @Test("without a later candle it is asked for again, until ten minutes have passed")
    func waiting() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try FakeUpbit()
            upbit.fill("KRW-BTC", hour)
            let task = try FetchTask(database, upbit: upbit, now: hour.end)
            async let result = task.run(arguments, interval: hour)
            var (now, pause) = (Duration.zero, Duration.seconds(1))
            while now < .seconds(600) {
                let next = min(now + pause, .seconds(600))
                await task.clock.sleeper(until: next)
                #expect(try await database.rows("final", "FROM market_coverage") == ["false"])
                task.clock.advance(to: next)
                (now, pause) = (next, min(pause * 2, .seconds(60)))
            }
            _ = try await result
            #expect(try await database.rows("rows;final", "FROM market_coverage") == ["1|true"])
            // The last question needs no look ahead.
            #expect(upbit.targets.last == "/v1/candles/minutes/60?market=KRW-BTC&count=1&to=2026-01-05T11%3A00%3A00Z")
        }
    }

    @Test("an interval that ends in a moment is waited for, and one far ahead is refused")
    func ahead() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try FakeUpbit()
            upbit.fill("KRW-BTC", span("2026-01-05T10:00:00Z", hours: 2))
            let task = try FetchTask(database, upbit: upbit, now: hour.end - .seconds(5))
            async let result = task.run(arguments, interval: hour)
            await task.clock.sleeper(until: .seconds(5))
            #expect(upbit.targets.isEmpty)
            task.clock.advance(to: .seconds(5))
            _ = try await result

            let failure = try #require(
                await task.failure(arguments, interval: span("2026-01-05T11:00:00Z", hours: 1)))
            #expect(!failure.isRetryable)
            #expect(failure.reason.contains("ends in the future"))
        }
    }

    @Test("a cancelled task stops waiting")
    func cancellation() async throws {
        try await WarehouseDatabase.use { database in
            let upbit = try FakeUpbit()
            upbit.fill("KRW-BTC", hour)
            let task = try FetchTask(database, upbit: upbit, now: hour.end)
            let (arguments, hour) = (arguments, hour)
            let run = Task { try await task.run(arguments, interval: hour) }
            await task.clock.sleeper(until: .seconds(1))
            run.cancel()
            await #expect(throws: CancellationError.self) { try await run.value }
        }
    }
}
