import CivilTime
import Testing

@testable import RecordedExchange

@Suite("Tickers") struct TickerTests {
    /// Two days of flat hours at 100, then a third day from which a test takes what it needs.
    private func recording(
        thirdDay: [(Int64, Int64, Int64, Int64, Int64)?]
    ) throws -> Recording {
        let flat: (Int64, Int64, Int64, Int64, Int64)? = (100, 101, 99, 100, 2)
        return try Samples.recording(from: "2024-07-01", hours: Array(repeating: flat, count: 48) + thirdDay)
    }

    private func ticker(_ recording: Recording, at now: String) throws -> JSONShape {
        let api = Samples.api(recording, now: try Samples.time(now))
        return try #require(try JSONShape.parse(api.get("/v1/ticker?markets=KRW-BTC").body).elements.first)
    }

    @Test("the day's figures are those of the UTC day, the 24-hour sums those of the last 24 hours")
    func sums() throws {
        let recording = try recording(thirdDay: [(100, 130, 100, 120, 3), (120, 125, 80, 90, 5), (90, 95, 90, 94, 7)])
        let row = try ticker(recording, at: "2024-07-03T02:00:00Z")
        #expect(row["opening_price"]?.text == "100.00000000")
        #expect(row["high_price"]?.text == "130.00000000")
        #expect(row["low_price"]?.text == "80.00000000")
        #expect(row["trade_price"]?.text == "90.00000000")
        #expect(row["prev_closing_price"]?.text == "100.00000000")
        #expect(row["acc_trade_volume"]?.text == "8.00000000")
        // 22 flat hours and two of the day.
        #expect(row["acc_trade_volume_24h"]?.text == "52.00000000")
        // The traded value is the sum over the trades, as in the candles.
        let api = Samples.api(recording, now: try Samples.time("2024-07-03T02:00:00Z"))
        let hours = try JSONShape.parse(api.get("/v1/candles/minutes/60?market=KRW-BTC&count=24").body)
            .values(of: "candle_acc_trade_price").compactMap { ScaledDecimal.parse(Array($0.utf8)[...]) }
        let total = try #require(row["acc_trade_price_24h"]?.text)
        #expect(ScaledDecimal.parse(Array(total.utf8)[...]) == hours.reduce(0, +))
        var today = JSONBytes()
        today.decimal(Int128(hours[0] + hours[1]), padding: 8)
        #expect(row["acc_trade_price"]?.text == String(decoding: today.bytes, as: UTF8.self))
        #expect(row["change"]?.text == "FALL")
        #expect(row["change_price"]?.text == "10.00000000")
        #expect(row["signed_change_price"]?.text == "-10.00000000")
        #expect(row["change_rate"]?.text == "0.1000000000")
        #expect(row["signed_change_rate"]?.text == "-0.1000000000")
        #expect(row["highest_52_week_price"]?.text == "130.00000000")
        #expect(row["highest_52_week_date"]?.text == "2024-07-03")
        #expect(row["lowest_52_week_price"]?.text == "80.00000000")
        #expect(row["trade_date"]?.text == "20240703")
        #expect(row["trade_time"]?.text?.hasPrefix("01595") == true)
        #expect(row["trade_date_kst"]?.text == "20240703")
        #expect(row["trade_time_kst"]?.text?.hasPrefix("10595") == true)
    }

    @Test("the running hour counts as far as it has come, and 24 candles are summed with it")
    func runningHour() throws {
        let recording = try recording(thirdDay: [(100, 130, 100, 120, 4)])
        let row = try ticker(recording, at: "2024-07-03T00:30:00Z")
        let market = MadeMarket(market: recording.markets[0], settings: TickSettings())
        let start = try Samples.time("2024-07-03T00:00:00Z").milliseconds
        let trades = market.trades(from: start, to: start + 1_800_001)
        var today = JSONBytes()
        today.decimal(trades.reduce(0) { $0 + $1.volume })
        #expect(row["acc_trade_volume"]?.text == String(decoding: today.bytes, as: UTF8.self))
        #expect(row["acc_trade_volume_24h"]?.text?.hasPrefix("48.") == true || today.bytes.starts(with: "1.".utf8))
        #expect(row["change"]?.text == trades.last.map { $0.price > 100 * RecordedCandle.unit ? "RISE" : "EVEN" })
        #expect(row["trade_timestamp"]?.text == trades.last.map { "\($0.time)" })
        #expect(row["trade_price"]?.text?.hasPrefix("\((trades.last?.price ?? 0) / RecordedCandle.unit).") == true)
    }

    @Test("an unchanged price is EVEN with integer zeros")
    func even() throws {
        let recording = try recording(thirdDay: [(100, 130, 100, 100, 3), (100, 100, 100, 100, 1)])
        let row = try ticker(recording, at: "2024-07-03T01:00:00Z")
        #expect(row["change"]?.text == "EVEN")
        for key in ["change_price", "change_rate", "signed_change_price", "signed_change_rate"] {
            #expect(row[key]?.text == "0")
        }
    }

    @Test("in a gap the last trade stays, with its own time, and the sums run dry")
    func gap() throws {
        let flat: (Int64, Int64, Int64, Int64, Int64)? = (100, 101, 99, 100, 2)
        let row = try ticker(
            try recording(thirdDay: [flat, flat] + Array(repeating: nil, count: 30) + [flat]),
            at: "2024-07-04T00:00:00Z")
        #expect(row["trade_date"]?.text == "20240703")
        #expect(row["acc_trade_volume"]?.text == "4.00000000")
        #expect(row["acc_trade_volume_24h"]?.text == "4.00000000")
    }

    @Test("tickers come in the order asked, all of a quote in the list's order, none of another quote")
    func selection() throws {
        let api = Samples.api(try Samples.shipped.get(), now: try Samples.time("2024-08-15T12:00:00Z"))
        let asked = try JSONShape.parse(api.get("/v1/ticker?markets=KRW-DOGE,krw-btc").body)
        #expect(asked.values(of: "market") == ["KRW-DOGE", "KRW-BTC"])
        let all = try JSONShape.parse(api.get("/v1/ticker/all?quote_currencies=KRW,BTC").body)
        #expect(all.values(of: "market") == api.recording.marketCodes)
        #expect(api.text("/v1/ticker/all?quote_currencies=BTC") == "[]")
        #expect(api.get("/v1/ticker?markets=KRW-BTC").derived?.contains("acc_trade_price_24h") == true)
    }

    @Test("before the first trade a market has no ticker")
    func beforeTheFirstTrade() throws {
        let recording = try recording(thirdDay: [])
        let api = Samples.api(recording, now: try Samples.time("2024-07-01T00:00:00Z"))
        #expect(api.text("/v1/ticker?markets=KRW-BTC") == "[]")
    }
}
