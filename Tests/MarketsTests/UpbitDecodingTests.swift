import CivilTime
import HTTPClient
import Markets
import Testing

@Suite("Upbit's replies") struct UpbitDecodingTests {
    private let upbit = UpbitDialect()
    private let bitcoin: MarketCode
    private let ether: MarketCode

    init() throws {
        bitcoin = try #require(MarketCode("KRW-BTC"))
        ether = try #require(MarketCode("KRW-ETH"))
    }

    private func decimal(_ text: String) throws -> ExactDecimal { try ExactDecimal(parsing: text) }
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    private func candles(
        _ name: String, _ market: String, _ unit: CandleUnit, to: String? = nil
    ) throws -> [MarketRow<Candle>] {
        let market = try #require(MarketCode(market))
        let call = upbit.candles(market: market, unit: unit, to: try to.map(time), count: 200)
        let rows = try call.decode(try Fixture.bytes(name))
        #expect(rows.rejected.isEmpty)
        return rows.accepted
    }

    @Test("minute candles")
    func minutes() throws {
        let rows = try candles("rest_candles_minutes_1.json", "KRW-BTC", .oneMinute, to: "2022-09-01T12:24:00Z")
        #expect(rows.count == 5)
        #expect(
            rows[0].value
                == Candle(
                    market: bitcoin, unit: .oneMinute, openTime: try time("2022-09-01T12:23:00Z"),
                    open: try decimal("27456000"), high: try decimal("27470000"), low: try decimal("27451000"),
                    close: try decimal("27453000"), baseVolume: try decimal("2.28024306"),
                    quoteValue: try decimal("62605542.26424"), lastTradeAt: try time("2022-09-01T12:23:58.118Z")))
        #expect(rows[4].value.openTime == (try time("2022-09-01T12:19:00Z")))
        #expect(rows[0].value.closeTime == (try time("2022-09-01T12:24:00Z")))
    }

    @Test("hour candles of another quote")
    func hours() throws {
        let row = try #require(try candles("rest_candles_minutes_60.json", "USDT-BTC", .oneHour).first?.value)
        #expect(row.open == (try decimal("72738.58583492")))
        #expect(row.high == (try decimal("73578.657")))
        #expect(row.baseVolume == (try decimal("0.02284923")))
        #expect(row.quoteValue == (try decimal("1669.08358949")))
    }

    @Test("second candles, which have no unit")
    func seconds() throws {
        let row = try #require(try candles("rest_candles_seconds.json", "KRW-BTC", .oneSecond).first?.value)
        #expect(row.openTime == (try time("2025-06-30T23:59:59Z")))
        #expect(row.close == (try decimal("145759000")))
    }

    @Test("day candles with the day before's close")
    func days() throws {
        let rows = try candles("rest_candles_days.json", "KRW-BTC", .oneDay, to: "2025-07-29T15:00:00Z")
        #expect(rows.map(\.value.openTime) == [try time("2025-07-29T00:00:00Z"), try time("2025-07-28T00:00:00Z")])
        #expect(rows[1].value.previousClose == (try decimal("162717000")))
        #expect(rows[0].value.quoteValue == (try decimal("242634976840.02426")))
    }

    @Test("a row's payload is its own text")
    func payload() throws {
        let bytes = try Fixture.bytes("rest_candles_minutes_1.json")
        for row in try candles("rest_candles_minutes_1.json", "KRW-BTC", .oneMinute) {
            let text = String(decoding: bytes[row.payload], as: UTF8.self)
            #expect(text.hasPrefix("{\"market\":\"KRW-BTC\"") && text.hasSuffix("\"unit\":1}"))
            let again = try upbit.candles(market: bitcoin, unit: .oneMinute, to: nil, count: 1)
                .decode(Array("[\(text)]".utf8))
            #expect(again.accepted.map(\.value) == [row.value])
        }
    }

    @Test("tickers")
    func tickers() throws {
        let rows = try upbit.tickers(markets: [bitcoin, ether]).decode(try Fixture.bytes("rest_ticker.json"))
        #expect(rows.rejected.isEmpty)
        #expect(rows.accepted.map(\.value.market) == [bitcoin, ether])
        let first = try #require(rows.accepted.first?.value)
        #expect(first.price == (try decimal("162876000")))
        #expect(first.dayOpen == (try decimal("163248000")))
        #expect(first.dayHigh == (try decimal("163708000")))
        #expect(first.dayLow == (try decimal("162248000")))
        #expect(first.previousClose == (try decimal("163158000")))
        #expect(first.change == .fall)
        #expect(first.signedChange == (try decimal("-282000")))
        #expect(first.signedChangeRate == (try decimal("-0.001728386")))
        #expect(first.lastVolume == (try decimal("0.02543652")))
        #expect(first.dayQuoteValue == (try decimal("137728155832.9616")))
        #expect(first.quoteValue24h == (try decimal("167740032580.71786")))
        #expect(first.dayBaseVolume == (try decimal("844.94369319")))
        #expect(first.baseVolume24h == (try decimal("1029.2736991")))
        #expect(first.yearHigh == (try decimal("166800000")))
        #expect(first.yearHighDate == "2025-07-14")
        #expect(first.yearLow == (try decimal("72100000")))
        #expect(first.yearLowDate == "2024-08-05")
        #expect(first.lastTradeAt == (try time("2025-07-30T17:03:15.076Z")))
        #expect(first.exchangeTime == (try time("2025-07-30T17:03:15.113Z")))
        #expect(rows.accepted[1].value.change == .even)
        #expect(rows.accepted[1].value.signedChange == .zero)
    }

    @Test("a ticker of a market or quote not asked for is rejected alone")
    func unexpectedTicker() throws {
        let bytes = try Fixture.bytes("rest_ticker.json")
        let rows = try upbit.tickers(markets: [bitcoin]).decode(bytes)
        #expect(rows.accepted.map(\.value.market) == [bitcoin])
        #expect(rows.rejected.map(\.problem.field) == ["market"])
        #expect(rows.rejected.map(\.problem.row) == [1])
        #expect(try upbit.tickers(quotes: ["USDT"]).decode(bytes).rejected.count == 2)
        #expect(try upbit.tickers(quotes: ["BTC", "KRW"]).decode(bytes).accepted.count == 2)
    }

    @Test("the market list, with and without details")
    func markets() throws {
        let all = try upbit.markets().decode(try Fixture.bytes("rest_markets.json"))
        #expect(all.rejected.isEmpty)
        #expect(all.accepted.count == 294)
        let first = try #require(all.accepted.first?.value)
        #expect(
            first == MarketInfo(market: bitcoin, koreanName: "비트코인", englishName: "Bitcoin", warning: nil, cautions: [])
        )
        let details = try upbit.markets().decode(try Fixture.bytes("rest_markets_details.json"))
        #expect(details.accepted.map(\.value.warning) == [false, true])
        let cautioned = #"""
            [{"market":"KRW-BTC","korean_name":"","english_name":"","market_event":{"warning":false,
            "caution":{"TRADING_VOLUME_SOARING":true,"PRICE_FLUCTUATIONS":true,"X":false}}}]
            """#
        let rows = try upbit.markets().decode(Array(cautioned.utf8))
        #expect(rows.accepted.first?.value.cautions == ["PRICE_FLUCTUATIONS", "TRADING_VOLUME_SOARING"])
    }

    @Test("trades, with identifiers beyond 2^53")
    func trades() throws {
        let rows = try upbit.trades(market: bitcoin, count: 3).decode(try Fixture.bytes("rest_trades.json"))
        #expect(rows.accepted.map(\.value.sequentialID) == [17_811_024_497_020_000, 17_811_024_488_780_000])
        #expect(rows.accepted.map(\.value.takerSide) == [.ask, .bid])
        #expect(rows.accepted[1].value.volume == (try decimal("0.00005474")))
        #expect(rows.accepted[0].value.tradedAt == (try time("2026-06-10T14:40:49.702Z")))
        let old = try upbit.trades(market: bitcoin, count: 1).decode(try Fixture.bytes("rest_trades_2021.json"))
        #expect(old.accepted.first?.value.sequentialID == 1_628_161_986_000_003)
    }

    @Test("an empty reply has no rows")
    func empty() throws {
        #expect(
            try upbit.candles(market: bitcoin, unit: .oneHour, to: nil, count: 1).decode(Array("[]".utf8)).accepted
                .isEmpty)
    }

    @Test("errors are read with a number or a text as their name")
    func refusals() throws {
        let unknown = try #require(upbit.refusal(in: try Fixture.bytes("rest_error_404.json")))
        #expect(unknown == ("404", "Code not found"))
        #expect(upbit.refusal(in: try Fixture.bytes("rest_error_400.json"))?.name == "400")
        let text = #"{"error":{"message":"a","name":"INVALID_PARAM","x":[1]},"y":{}}"#
        #expect(try #require(upbit.refusal(in: Array(text.utf8))) == ("INVALID_PARAM", "a"))
        for other in ["", "<html>", "{}", "[]", "{\"error\":\"x\"}", "{\"error\":null}"] {
            #expect(upbit.refusal(in: Array(other.utf8)) == nil)
        }
    }

    @Test(
        "what remains of the limit is read from the header",
        arguments: [
            ("group=candles; min=600; sec=9", 9), ("sec=0", 0), ("group=market;min=599;sec=3", 3), ("min=600", nil),
            ("sec=x", nil), ("sec=-1", nil), ("", nil),
        ] as [(String, Int?)])
    func remaining(header: String, expected: Int?) {
        let response = Reply.response(status: 200, headers: ["remaining-req": header])
        #expect(upbit.standing(of: response) == .answered(remaining: expected))
    }

    @Test("addresses are built as Upbit documents them")
    func endpoints() throws {
        let to = try time("2022-09-01T12:24:00Z")
        #expect(upbit.markets().endpoint == "/v1/market/all?is_details=true")
        #expect(upbit.tickers(markets: [bitcoin, ether]).endpoint == "/v1/ticker?markets=KRW-BTC,KRW-ETH")
        #expect(upbit.tickers(quotes: ["KRW", "BTC"]).endpoint == "/v1/ticker/all?quote_currencies=KRW,BTC")
        let paths: [(CandleUnit, String)] = [
            (.oneSecond, "seconds"), (.oneMinute, "minutes/1"), (.oneHour, "minutes/60"), (.fourHours, "minutes/240"),
            (.oneDay, "days"),
        ]
        for (unit, path) in paths {
            #expect(
                upbit.candles(market: bitcoin, unit: unit, to: to, count: 900).endpoint
                    == "/v1/candles/\(path)?market=KRW-BTC&count=200&to=2022-09-01T12%3A24%3A00Z")
        }
        #expect(
            upbit.candles(market: bitcoin, unit: .oneDay, to: nil, count: 0).endpoint
                == "/v1/candles/days?market=KRW-BTC&count=1")
    }
}
