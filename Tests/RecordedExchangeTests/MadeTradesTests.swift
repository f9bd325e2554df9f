import CivilTime
import FoundationEssentials
import Testing

@testable import RecordedExchange

@Suite("Made trades") struct MadeTradesTests {
    private static let minutes = Result {
        try Recording.load(from: Samples.folder.appending(path: "Fixtures/minutes"))
    }

    private func markets(_ recording: Recording, rate: Double = 2, seed: UInt64 = 1) -> [MadeMarket] {
        recording.markets.map { MadeMarket(market: $0, settings: TickSettings(seed: seed, tradesPerSecond: rate)) }
    }

    /// The candle that trades make, as a recorded one.
    private func candle(_ trades: some Collection<MadeTrade>, openTime: Int64) throws -> RecordedCandle {
        let first = try #require(trades.first)
        var candle = RecordedCandle(
            openTime: openTime, open: first.price, high: first.price, low: first.price, close: first.price, volume: 0)
        for trade in trades {
            candle.high = max(candle.high, trade.price)
            candle.low = min(candle.low, trade.price)
            candle.close = trade.price
            candle.volume += trade.volume
        }
        return candle
    }

    @Test("the trades of an hour make its recorded candle exactly, at any rate", arguments: [0.1, 2, 40])
    func exactHours(rate: Double) throws {
        for market in markets(try Samples.shipped.get(), rate: rate) {
            // A few hours, and the fall of 2024-12-03 with its hours of ten and twenty percent.
            let crash = market.market.candles.indices.filter {
                (1_733_230_800..<1_733_238_000).contains(market.market.candles[$0].openTime)
            }
            for index in Array(stride(from: 0, to: market.market.candles.count, by: rate > 10 ? 3301 : 1311))
                + crash.prefix(rate > 10 ? 1 : 2)
            {
                let hour = market.market.candles[index]
                let trades = market.trades(from: hour.openTime * 1000, to: hour.endTime * 1000)
                #expect(try candle(trades, openTime: hour.openTime) == hour)
                #expect(trades.allSatisfy { $0.price % market.market.tick == 0 && $0.volume > 0 })
                let value = trades.reduce(0) { $0 + $1.value }
                #expect(MadeMarket.rounded(value) == market.value(ofHour: index))
                #expect(
                    zip(trades, trades.dropFirst()).allSatisfy {
                        $0.sequentialID(shift: 0) < $1.sequentialID(shift: 0) && $0.time <= $1.time
                    })
            }
        }
    }

    @Test("where minutes were recorded their trades make each of them exactly, and none where none was traded")
    func exactMinutes() throws {
        for market in markets(try Self.minutes.get()) {
            for minute in market.market.minutes {
                let start = minute.openTime * 1000
                #expect(
                    try candle(market.trades(from: start, to: start + 60_000), openTime: minute.openTime) == minute)
            }
            let seen = Set(market.market.minutes.map(\.openTime))
            let first = market.market.candles[0].openTime
            for start in stride(from: first, to: first + 3 * 3600, by: 60) where !seen.contains(start) {
                #expect(market.trades(from: start * 1000, to: start * 1000 + 60_000).isEmpty)
            }
        }
    }

    @Test("a stretch is the same whoever asks for it and in what order; another seed makes other trades")
    func repeatable() throws {
        let recording = try Samples.shipped.get()
        let start: Int64 = 1_723_000_000_000
        let whole = markets(recording)[0].trades(from: start, to: start + 600_000)
        let other = markets(recording)[0]
        var parts: [MadeTrade] = []
        for part in stride(from: Int64(9), through: 0, by: -1) {
            parts = other.trades(from: start + part * 60_000, to: start + (part + 1) * 60_000) + parts
        }
        #expect(parts == whole && whole.count > 600)
        #expect(markets(recording, seed: 2)[0].trades(from: start, to: start + 600_000) != whole)
        #expect(markets(recording)[1].trades(from: start, to: start + 600_000).map(\.time) != whole.map(\.time))
        #expect(zip(whole, whole.dropFirst()).contains { $0.time == $1.time })
        let back = other.trades(before: start + 600_000, notBefore: start, limit: .max) { _ in true }
        #expect(back.reversed() == whole)
    }

    @Test(
        "hours with hardly any volume are exact too",
        arguments: [1, 2, 3, 63, 64, 100, 7679, 7680] as [Int64])
    func tinyVolumes(volume: Int64) throws {
        // As many prices as units, and no more.
        let prices: (Int64, Int64, Int64, Int64) =
            switch volume {
            case 1: (5, 5, 5, 5)
            case 2: (4, 5, 4, 5)
            case 3: (4, 6, 3, 6)
            default: (4, 6, 3, 5)
            }
        let hour = RecordedCandle(
            openTime: 3600, open: prices.0, high: prices.1, low: prices.2, close: prices.3, volume: volume)
        let market = Recording.Market(code: "KRW-X", koreanName: "", englishName: "", candles: [hour])
        let made = MadeMarket(market: market, settings: TickSettings())
        let trades = made.trades(from: 0, to: 10_000_000)
        #expect(try candle(trades, openTime: 3600) == hour)
        #expect(MadeMarket.rounded(trades.reduce(0) { $0 + $1.value }) == made.value(ofHour: 0))
    }

    @Test("candles of any stretch are those of its trades, though minutes are counted without making them")
    func tallies() throws {
        let market = markets(try Samples.shipped.get())[2]
        var random = SeededRandom(7)
        for _ in 0..<40 {
            let from: Int64 = 1_723_000_000_000 + random.below(40_000_000)
            let to = from + 1 + random.below(random.below(2) == 0 ? 5000 : 4_000_000)
            let trades = market.trades(from: from, to: to)
            let tally = market.tally(from: from, to: to)
            #expect(tally?.volume == (trades.isEmpty ? nil : trades.reduce(0) { $0 + $1.volume }))
            #expect(tally?.value == (trades.isEmpty ? nil : trades.reduce(0) { $0 + $1.value }))
            #expect(tally?.open == trades.first?.price && tally?.close == trades.last?.price)
            #expect(tally?.high == trades.map(\.price).max() && tally?.low == trades.map(\.price).min())
            #expect(tally?.lastTrade == trades.last?.time)
        }
    }

    @Test("short candles are those of the trades, page by page", arguments: [1, 60, 180, 900] as [Int64])
    func slots(seconds: Int64) throws {
        let market = markets(try Samples.shipped.get())[0]
        let now: Int64 = 1_723_000_123_456
        let length = seconds * 1000
        var end = Int64.max / 4
        var found: [Int64: Tally] = [:]
        for _ in 0..<4 {
            let page = market.slots(seconds: seconds, before: end, now: now, oldest: 0, limit: 20)
            #expect(page.map(\.start) == page.map(\.start).sorted(by: >) && page.count == 20)
            for slot in page { found[slot.start] = slot.1 }
            end = try #require(page.last?.start)
        }
        #expect(found.count == 80)
        for (start, tally) in found {
            #expect(market.tally(from: start, to: min(start + length, now + 1)) == tally)
        }
        // Nothing was left out in between.
        let slots = Set(market.trades(from: end, to: now + 1).map { $0.time.flooredQuotient(length) * length })
        #expect(slots == Set(found.keys))
    }

    @Test("books are whole, on the grid, never crossed, change on a grid of 100 ms and agree with the last trade")
    func books() throws {
        for market in markets(try Samples.shipped.get()) {
            var times: Set<Int64> = []
            for time in stride(from: 1_723_000_000_000 as Int64, to: 1_723_000_060_000, by: 370) {
                let book = try #require(market.book(at: time))
                times.insert(book.time)
                #expect(book.time <= time && book.time > time - 1100 && book.time % 100 == 0)
                #expect(market.book(at: book.time) == book)
                #expect(book.units.count == 30)
                #expect(book.units[0].askPrice > book.units[0].bidPrice)
                let last = try #require(market.lastTrade(at: book.time))
                #expect(last.price == (last.isBid ? book.units[0].askPrice : book.units[0].bidPrice))
                #expect(
                    zip(book.units, book.units.dropFirst()).allSatisfy {
                        $0.askPrice < $1.askPrice && $0.bidPrice > $1.bidPrice
                    })
                #expect(
                    book.units.allSatisfy {
                        $0.askPrice % market.market.tick == 0 && $0.bidPrice % market.market.tick == 0 && $0.askSize > 0
                            && $0.bidSize > 0
                    })
                let level = market.bookLevels[2]
                let grouped = try #require(market.book(at: time, level: level))
                #expect(grouped.units.allSatisfy { $0.askPrice % level == 0 && $0.bidPrice % level == 0 })
                #expect(grouped.units[0].askPrice > grouped.units[0].bidPrice)
            }
            #expect(times.count > 100)
        }
    }
}

@Suite("Trades and books over REST") struct TradeAnswerTests {
    private func api(at now: String, shiftWeeks: Int = 0) throws -> UpbitAPI {
        Samples.api(try Samples.shipped.get(), now: try Samples.time(now), shiftWeeks: shiftWeeks)
    }

    @Test("paging by the cursor reaches every trade of the day once, and no other")
    func paging() throws {
        let api = try api(at: "2024-08-15T00:20:00.5Z")
        var ids: [String] = []
        var cursor = ""
        while true {
            let page = try JSONShape.parse(api.get("/v1/trades/ticks?market=KRW-BTC&count=500\(cursor)").body)
            guard let last = page.values(of: "sequential_id").last else { break }
            ids += page.values(of: "sequential_id")
            cursor = "&cursor=\(last)"
        }
        let start = try Samples.time("2024-08-15T00:00:00Z").milliseconds
        let expected = api.markets[0].trades(from: start, to: start + 1_200_501).map { "\($0.sequentialID(shift: 0))" }
        #expect(ids == expected.reversed() && ids.count > 1000)
    }

    @Test("days before and a time of the day are asked for in UTC, with shifted times")
    func days() throws {
        let api = try api(at: "2024-09-12T12:00:00Z", shiftWeeks: 4)
        let query = "/v1/trades/ticks?market=krw-btc&days_ago=2&to=03:00:00&count=3"
        let rows = try JSONShape.parse(api.get(query).body)
        #expect(rows.values(of: "trade_date_utc") == ["2024-09-10", "2024-09-10", "2024-09-10"])
        #expect(rows.values(of: "trade_time_utc").allSatisfy { $0.hasPrefix("02:59:5") })
        #expect(api.text(query) == api.text(query.replacing("03:00:00", with: "030000")))
        #expect(api.get(query).derived?.contains("made") == true)
        let end = try Samples.time("2024-09-10T03:00:00Z").milliseconds
        #expect(rows.values(of: "timestamp").allSatisfy { (Int64($0) ?? 0) < end })
        #expect(zip(rows.values(of: "timestamp"), rows.values(of: "sequential_id")).allSatisfy { $1.hasPrefix($0) })
    }

    @Test("a book has the units and the level asked for; a level that there is not gives no row")
    func books() throws {
        let api = try api(at: "2024-08-15T12:00:00Z")
        let rows = try JSONShape.parse(api.get("/v1/orderbook?markets=KRW-ETH,KRW-BTC&count=7&level=10000").body)
        #expect(rows.values(of: "market") == ["KRW-ETH", "KRW-BTC"])
        #expect(rows.elements.map { $0["orderbook_units"]?.elements.count } == [7, 7])
        #expect(rows.values(of: "level") == ["10000", "10000"])
        #expect(api.text("/v1/orderbook?markets=KRW-BTC&level=7") == "[]")
    }

    @Test("the ledger lists the trades of a stretch as they were to be sent, and nothing that lies ahead")
    func ledger() throws {
        let api = try api(at: "2024-09-12T12:00:00Z", shiftWeeks: 4)
        let stretch = "/v1/_sent?market=KRW-BTC&from=2024-09-12T11:59:00Z&to=2024-09-12T12:01:00Z"
        func ledger(_ target: String) -> ExchangeReply {
            api.ledger(RequestTarget(target), now: api.clock.now())
        }
        let lines = String(decoding: ledger(stretch).body, as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "market,sequential_id,timestamp,price,volume,ask_bid")
        let rows = try JSONShape.parse(ledger(stretch + "&format=json").body)
        #expect(lines.dropFirst().map { String($0.split(separator: ",")[1]) } == rows.values(of: "sequential_id"))
        let ticks = try JSONShape.parse(api.get("/v1/trades/ticks?market=KRW-BTC&count=500").body)
        let start = try Samples.time("2024-09-12T11:59:00Z").milliseconds
        let newest = zip(ticks.values(of: "sequential_id"), ticks.values(of: "timestamp"))
            .filter { Int64($0.1) ?? 0 >= start }.map(\.0)
        #expect(rows.values(of: "sequential_id").reversed() == newest && !newest.isEmpty)
        // An instant between two milliseconds is no reason to count a trade on its wrong side.
        let from = try #require(Int64(rows.values(of: "timestamp").first ?? ""))
        func text(_ microseconds: Int64) -> String { Timestamp(microseconds: microseconds).iso8601 }
        func trades(_ from: Int64, _ to: Int64) -> Int {
            ledger("/v1/_sent?market=KRW-BTC&from=\(text(from))&to=\(text(to))").body.count { $0 == UInt8(ascii: "\n") }
                - 1
        }
        #expect(trades(from * 1_000 + 1, (from + 1) * 1_000) == 0)
        #expect(trades(from * 1_000, from * 1_000 + 1) == trades(from * 1_000, (from + 1) * 1_000))
        #expect(trades(from * 1_000, from * 1_000 + 1) > 0)
        #expect(ledger("/v1/_sent?market=KRW-BTC").status == 400)
        #expect(ledger("/v1/_sent?market=KRW-NOPE&from=0&to=1").status == 400)
        #expect(ledger("/v1/_sent?market=KRW-BTC&from=0&to=9999999999999").status == 400)
    }

    @Test(
        "the ledger of a stretch is empty when it ends before it begins, and too long when it is all time",
        arguments: [
            (Int64.min, .min + 1, 200), (5, .min, 200), (.max, .min, 200), (.max, .max, 200), (.min, .max, 400),
            // Within one minute of the recording.
            (1_726_142_399_000, 1_726_142_341_000, 200),
        ])
    func ledgerEdges(from: Int64, to: Int64, status: Int) throws {
        for shiftWeeks in [-3_000, 0, 4] {
            let api = try api(at: "2024-09-12T12:00:00Z", shiftWeeks: shiftWeeks)
            let reply = api.ledger(
                RequestTarget("/v1/_sent?market=KRW-BTC&from=\(from)&to=\(to)"), now: api.clock.now())
            #expect(reply.status == status)
            #expect(status != 200 || reply.body.count { $0 == UInt8(ascii: "\n") } == 1)
        }
    }
}
