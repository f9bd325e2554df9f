import CivilTime
import Testing

@testable import RecordedExchange

@Suite("Candle answers") struct CandleAnswerTests {
    /// Ten hours from 20:00 on a Sunday, which is also the last of a month; the third and the fourth have no trade.
    private let recording: Recording

    init() throws {
        var hours: [(Int64, Int64, Int64, Int64, Int64)?] = []
        for hour in Int64(0)..<10 { hours.append((100 + hour, 110 + hour, 90 + hour, 101 + hour, 3)) }
        (hours[2], hours[3]) = (nil, nil)
        recording = try Samples.recording(from: "2024-06-30T20:00:00Z", hours: hours)
    }

    private func api(at now: String, shiftWeeks: Int = 0) throws -> UpbitAPI {
        Samples.api(recording, now: try Samples.time(now), shiftWeeks: shiftWeeks)
    }

    private let hourly = "/v1/candles/minutes/60?market=KRW-BTC"

    @Test("one row is given unless a count is, newest first, hours without a trade absent")
    func countAndOrder() throws {
        let api = try api(at: "2024-07-01T06:00:00Z")
        #expect(try api.slots(hourly) == ["2024-07-01T05:00:00"])
        let all = try api.slots(hourly + "&count=200")
        #expect(all.count == 8)
        #expect(all.last == "2024-06-30T20:00:00")
        #expect(all[5...] == ["2024-07-01T00:00:00", "2024-06-30T21:00:00", "2024-06-30T20:00:00"])
        #expect(try api.slots(hourly + "&count=6").count == 6)
    }

    @Test(
        "`to` is exclusive and is understood in every documented form",
        arguments: [
            "2024-07-01T02:00:00Z", "2024-07-01T02:00:00", "2024-07-01%2002:00:00", "2024-07-01+02:00:00",
            "2024-07-01T11:00:00%2B09:00", "2024-07-01T01%3A30%3A00Z", "2024-07-01T01:00:00.5Z",
        ])
    func exclusiveEnd(to: String) throws {
        let api = try api(at: "2024-07-01T06:00:00Z")
        #expect(try api.slots(hourly + "&to=\(to)") == ["2024-07-01T01:00:00"])
    }

    @Test("`to` before the recording gives an empty list, after the present the newest rows")
    func farEnds() throws {
        let api = try api(at: "2024-07-01T06:00:00Z")
        #expect(api.text(hourly + "&to=2024-06-30T20:00:00Z") == "[]")
        #expect(try api.slots(hourly + "&to=2030-01-01") == ["2024-07-01T05:00:00"])
    }

    @Test("paging back by the oldest row reaches every hour once")
    func paging() throws {
        let recording = try Samples.shipped.get()
        let api = Samples.api(recording, now: try Samples.time("2024-08-01T00:00:00Z"))
        var slots: [String] = []
        var to = ""
        while true {
            let page = try api.slots("/v1/candles/minutes/60?market=KRW-XRP&count=200\(to)")
            guard let oldest = page.last else { break }
            slots += page
            to = "&to=\(oldest)Z"
        }
        // Days of April to July, less the four hours of maintenance.
        #expect(slots.count == 122 * 24 - 4)
        #expect(slots == slots.sorted(by: >))
        #expect(Set(slots).count == slots.count)
    }

    @Test("more than 200 rows are not given")
    func largestPage() throws {
        let api = Samples.api(try Samples.shipped.get(), now: try Samples.time("2024-08-01T00:00:00Z"))
        #expect(try api.slots("/v1/candles/minutes/60?market=KRW-BTC&count=250").count == 200)
    }

    @Test("the running hour is that of the trades so far, and when it is over the recorded one")
    func runningHour() throws {
        let api = try api(at: "2024-07-01T04:30:00Z")
        let row = try JSONShape.parse(api.get(hourly).body).elements[0]
        let trades = try JSONShape.parse(
            api.get("/v1/trades/ticks?market=KRW-BTC&count=1").body)
        #expect(row["candle_date_time_utc"]?.text == "2024-07-01T04:00:00")
        #expect(row["trade_price"]?.text == trades.values(of: "trade_price").first)
        #expect(row["timestamp"]?.text == trades.values(of: "timestamp").first)
        #expect(row["candle_acc_trade_volume"]?.text.map { $0 < "3.0" } == true)
        let later = try JSONShape.parse(
            try self.api(at: "2024-07-01T05:00:00Z").get(hourly + "&to=2024-07-01T05:00:00Z").body
        )
        .elements[0]
        #expect(later["candle_date_time_utc"]?.text == "2024-07-01T04:00:00")
        #expect(later["candle_acc_trade_volume"]?.text == "3.00000000")
        #expect(later["timestamp"]?.text.map { ("1719809998000"..."1719809999999").contains($0) } == true)
    }

    @Test("a shift moves every time by whole weeks and nothing else")
    func shifted() throws {
        let api = try api(at: "2024-07-15T06:00:00Z", shiftWeeks: 2)
        #expect(try api.slots(hourly + "&to=2024-07-15T02:00:00Z") == ["2024-07-15T01:00:00"])
        let row = try JSONShape.parse(api.get(hourly + "&to=2024-07-15T02:00:00Z").body).elements[0]
        #expect(row["candle_date_time_kst"]?.text == "2024-07-15T10:00:00")
        #expect(row["opening_price"]?.text == "105.00000000")
    }

    @Test("four hours and days are put together from the hours, at UTC's boundaries")
    func aggregates() throws {
        let api = try api(at: "2024-07-01T06:00:00Z")
        let four = try JSONShape.parse(api.get("/v1/candles/minutes/240?market=KRW-BTC&count=9").body)
        #expect(
            four.values(of: "candle_date_time_utc")
                == ["2024-07-01T04:00:00", "2024-07-01T00:00:00", "2024-06-30T20:00:00"])
        #expect(four.values(of: "opening_price") == ["108.00000000", "104.00000000", "100.00000000"])
        #expect(four.values(of: "trade_price") == ["110.00000000", "108.00000000", "102.00000000"])
        #expect(four.values(of: "high_price") == ["119.00000000", "117.00000000", "111.00000000"])
        #expect(four.values(of: "low_price") == ["98.00000000", "94.00000000", "90.00000000"])
        #expect(four.values(of: "candle_acc_trade_volume") == ["6.00000000", "12.00000000", "6.00000000"])
        let hours = try JSONShape.parse(api.get(hourly + "&count=2&to=2024-06-30T22:00:00Z").body)
        let sum = hours.values(of: "candle_acc_trade_price").compactMap { ScaledDecimal.parse(Array($0.utf8)[...]) }
            .reduce(0, +)
        // 6 coins between 90 and 111 won.
        #expect((540..<666).contains(sum / RecordedCandle.unit))
        #expect(
            four.values(of: "candle_acc_trade_price").last.flatMap { ScaledDecimal.parse(Array($0.utf8)[...]) } == sum)

        let days = try JSONShape.parse(
            api.get("/v1/candles/days?market=KRW-BTC&count=9&converting_price_unit=KRW").body)
        #expect(days.values(of: "candle_date_time_utc") == ["2024-07-01T00:00:00", "2024-06-30T00:00:00"])
        #expect(days.values(of: "candle_date_time_kst") == ["2024-07-01T09:00:00", "2024-06-30T09:00:00"])
        #expect(days.values(of: "prev_closing_price") == ["102.00000000", "100.00000000"])
        #expect(days.values(of: "change_price") == ["8.00000000", "2.00000000"])
        #expect(days.values(of: "change_rate") == ["0.0784313725", "0.0200000000"])
        #expect(days.values(of: "converted_trade_price") == ["110.00000000", "102.00000000"])
    }

    @Test(
        "weeks begin on Monday, months and years on their first day",
        arguments: [
            ("weeks", ["2024-07-01", "2024-06-24"]), ("months", ["2024-07-01", "2024-06-01"]),
            ("years", ["2024-01-01"]),
        ])
    func longPeriods(period: String, days: [String]) throws {
        let rows = try JSONShape.parse(
            try api(at: "2024-07-01T06:00:00Z").get("/v1/candles/\(period)?market=KRW-BTC&count=9").body)
        #expect(rows.values(of: "first_day_of_period") == days)
    }

    @Test("a falling day has a negative change, an even one an integer zero")
    func dayChanges() throws {
        let flat: (Int64, Int64, Int64, Int64, Int64)? = (100, 100, 100, 100, 1)
        let fall: (Int64, Int64, Int64, Int64, Int64)? = (100, 100, 99, 99, 1)
        let hours = Array(repeating: flat, count: 48) + Array(repeating: fall, count: 1)
        let recording = try Samples.recording(from: "2024-06-30", hours: hours)
        let api = Samples.api(recording, now: try Samples.time("2024-07-02T01:00:00Z"))
        let days = try JSONShape.parse(api.get("/v1/candles/days?market=KRW-BTC&count=3").body)
        #expect(days.values(of: "change_price") == ["-1.00000000", "0", "0"])
        #expect(days.values(of: "change_rate") == ["-0.0100000000", "0", "0"])
    }

    @Test("days of the shipped recording equal the sums of their hours")
    func shippedDays() throws {
        let recording = try Samples.shipped.get()
        let api = Samples.api(recording, now: try Samples.time("2024-12-05T00:00:00Z"))
        // The day with three candles of the fall of 2024-12-03, known from an independent collection.
        let day = try JSONShape.parse(api.get("/v1/candles/days?market=KRW-BTC&to=2024-12-04").body).elements[0]
        #expect(day["candle_date_time_utc"]?.text == "2024-12-03T00:00:00")
        #expect(day["low_price"]?.text == "88266000.00000000")
        let hours = recording.markets[0].candles.filter { $0.openTime >= 1_733_184_000 && $0.openTime < 1_733_270_400 }
        var expected = JSONBytes()
        expected.decimal(hours.reduce(Int128(0)) { $0 + Int128($1.volume) })
        #expect(day["candle_acc_trade_volume"]?.text == String(decoding: expected.bytes, as: UTF8.self))
    }

    @Test("past the end nothing new comes: candles stop and tickers are empty")
    func pastTheEnd() throws {
        let api = try api(at: "2024-07-02T00:00:00Z")
        #expect(try api.slots(hourly) == ["2024-07-01T05:00:00"])
        #expect(api.text("/v1/ticker?markets=KRW-BTC") == "[]")
    }

    @Test(
        "requests that are wrong get Upbit's errors",
        arguments: [
            ("/v1/candles/minutes/60", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/candles/days?market=", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/candles/days?market=KRW-NOPE", 404, "404,\"message\":\"Code not found"),
            ("/v1/candles/days?market=KRW-BTC&count=abc", 400, "400,\"message\":\"Type mismatch"),
            ("/v1/candles/days?market=KRW-BTC&count=0", 400, "400,\"message\":\"Invalid parameter"),
            ("/v1/candles/days?market=KRW-BTC&to=yesterday", 400, "400,\"message\":\"Invalid parameter"),
            ("/v1/candles/days?market=KRW-BTC&to=2024-07-01T00:00:00+09:00", 400, "400,\"message\":\"Invalid"),
            ("/v1/candles/days?market=KRW-BTC&converting_price_unit=USD", 400, "400,\"message\":\"Invalid"),
            ("/v1/candles/minutes/7?market=KRW-BTC", 404, "\"not_found\",\"message\":\"no Route"),
            ("/v1/ticker", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/ticker?markets=KRW-BTC,KRW-NOPE", 404, "404,\"message\":\"Code not found"),
            ("/v1/ticker/all", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/orderbook", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/orderbook?markets=KRW-NOPE", 404, "404,\"message\":\"Code not found"),
            ("/v1/orderbook/instruments", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/trades/ticks", 400, "400,\"message\":\"Missing request parameter"),
            ("/v1/trades/ticks?market=KRW-BTC&days_ago=8", 400, "400,\"message\":\"Invalid parameter"),
            ("/v1/trades/ticks?market=KRW-BTC&to=25:00:00", 400, "400,\"message\":\"Invalid parameter"),
            ("/v1/trades/ticks?market=KRW-BTC&cursor=x", 400, "400,\"message\":\"Type mismatch"),
        ])
    func errors(target: String, status: Int, body: String) throws {
        let reply = try api(at: "2024-07-01T06:00:00Z").get(target)
        #expect(reply.status == status)
        #expect(String(decoding: reply.body, as: UTF8.self).hasPrefix("{\"error\":{\"name\":" + body))
    }
}
