import CivilTime
import Markets
import SeededRandom
import Testing

@Suite("Upbit's stream") struct UpbitStreamTests {
    private let upbit = UpbitStreamDialect()

    private func decimal(_ text: String) throws -> ExactDecimal { try ExactDecimal(parsing: text) }
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }
    private func market(_ text: String) throws -> MarketCode { try #require(MarketCode(text)) }

    /// The messages of a file, one a line.
    private func lines(_ name: String) throws -> [[UInt8]] {
        try Fixture.bytes(name).split(separator: 0x0A).map { Array($0) }
    }

    private func events(_ messages: [[UInt8]]) -> [(event: MarketEvent, isSnapshot: Bool)] {
        messages.flatMap { upbit.decode($0) }.compactMap { signal in
            if case .event(let event, let isSnapshot) = signal { (event, isSnapshot) } else { nil }
        }
    }

    private func only(_ text: String) throws -> StreamSignal {
        let signals = upbit.decode(Array(text.utf8))
        #expect(signals.count == 1)
        return try #require(signals.first)
    }

    private func problem(_ text: String) throws -> (MalformedData, MarketCode?) {
        guard case .malformed(let problem, let market) = try only(text) else {
            throw Fixture.Missing(path: "\(text) decodes")
        }
        return (problem, market)
    }

    // MARK: - What was captured

    @Test("a trade of today")
    func trade() throws {
        let (event, isSnapshot) = try #require(events(try lines("ws_trade.json")).first)
        #expect(isSnapshot)
        #expect(
            event
                == .trade(
                    Trade(
                        market: try market("KRW-BTC"), tradedAt: try time("2026-09-02T07:46:20.377Z"),
                        price: try decimal("106691000"), volume: try decimal("0.00009372"), takerSide: .ask,
                        sequentialID: 17_883_351_803_770_004, previousClose: try decimal("107005000"))))
    }

    @Test("trades of 2021 in the short format, without the best prices")
    func oldTrades() throws {
        let found = events(try lines("ws_trade_simple.jsonl"))
        #expect(found.count == 135)
        #expect(found.allSatisfy { !$0.isSnapshot })
        #expect(
            found[0].event
                == .trade(
                    Trade(
                        market: try market("KRW-LAMB"), tradedAt: try time("2021-04-17T16:51:02Z"),
                        price: try decimal("127"), volume: try decimal("46.48838371"), takerSide: .bid,
                        sequentialID: 1_618_678_262_000_003, previousClose: try decimal("123"))))
        let trades = found.compactMap { entry -> Trade? in
            if case .trade(let trade) = entry.event { trade } else { nil }
        }
        let lambda = trades.filter { $0.market.base == "LAMB" }.map(\.sequentialID)
        #expect(lambda.count == 131 && Set(lambda).count == 131)
        // Unique and not in order: the reason why a set recognises them.
        #expect(zip(lambda, lambda.dropFirst()).contains { $0 > $1 })
    }

    @Test("books of 15 levels in the short format")
    func oldBooks() throws {
        let found = events(try lines("ws_orderbook_simple_2021.jsonl"))
        #expect(found.count == 90)
        guard case .orderBook(let book) = found[0].event else { throw Fixture.Missing(path: "a book") }
        #expect(book.market == (try market("KRW-LAMB")))
        #expect(book.exchangeTime == (try time("2021-04-17T16:51:02.640Z")))
        #expect(book.totalAskSize == (try decimal("25752275.55420627")))
        #expect(book.totalBidSize == (try decimal("14407925.20098682")))
        #expect(book.asks.count == 15 && book.bids.count == 15)
        #expect(book.asks[0] == .init(price: try decimal("127"), size: try decimal("280460.37885666")))
        #expect(book.asks[6] == .init(price: try decimal("133"), size: try decimal("1001877.30780765")))
        #expect(book.bids[0] == .init(price: try decimal("126"), size: try decimal("688682.44561413")))
        #expect(book.bids[14] == .init(price: try decimal("112"), size: try decimal("446759.1304656")))
        for case .orderBook(let book) in found.map(\.event) {
            #expect(zip(book.asks, book.asks.dropFirst()).allSatisfy { $0.price < $1.price })
            #expect(zip(book.bids, book.bids.dropFirst()).allSatisfy { $0.price > $1.price })
        }
    }

    @Test("the mixed capture is its trades and its books, in between each other")
    func mixed() throws {
        let messages = try lines("ws_mixed_simple.jsonl")
        let found = events(messages).map(\.event)
        #expect(found.count == messages.count && found.count == 225)
        let trades = events(try lines("ws_trade_simple.jsonl")).map(\.event)
        let books = events(try lines("ws_orderbook_simple_2021.jsonl")).map(\.event)
        #expect(found.filter { $0.kind == .trade } == trades)
        #expect(found.filter { $0.kind == .orderBook } == books)
    }

    @Test("books with exponents, in both formats")
    func exponents() throws {
        let found = events(try lines("ws_orderbook.jsonl"))
        #expect(found.map(\.isSnapshot) == [true, false])
        guard case .orderBook(let book) = found[0].event else { throw Fixture.Missing(path: "a book") }
        #expect(book.asks[0] == .init(price: try decimal("116539000"), size: try decimal("0.02054761")))
        #expect(book.asks[1].size == (try decimal("0.0007772")))
        #expect(book.bids.map(\.price) == [try decimal("116538000"), try decimal("116537000")])
        let short = events(try lines("ws_orderbook_simple.json"))
        guard case .orderBook(let book) = short[0].event else { throw Fixture.Missing(path: "a book") }
        #expect(short[0].isSnapshot)
        #expect(book.bids[0] == .init(price: try decimal("116534000"), size: try decimal("0.00079276")))
        #expect(book.asks[1].size == (try decimal("0.0005")))
        #expect(book.exchangeTime == Timestamp(microseconds: 1_790_134_773_006_000))
    }

    @Test("tickers, with zeros written as 0E-8")
    func tickers() throws {
        let found = events(try lines("ws_ticker.jsonl"))
        #expect(found.map(\.isSnapshot) == [true, false])
        guard case .ticker(let ticker) = found[1].event else { throw Fixture.Missing(path: "a ticker") }
        #expect(
            ticker
                == Ticker(
                    market: try market("KRW-BTC"), price: try decimal("158200000"),
                    lastVolume: try decimal("0.00011188"), lastTradeAt: try time("2025-09-26T08:26:46.936Z"),
                    dayOpen: try decimal("158219000"), dayHigh: try decimal("159278000"),
                    dayLow: try decimal("157588000"), previousClose: try decimal("158200000"), change: .even,
                    signedChange: .zero, signedChangeRate: .zero, dayBaseVolume: try decimal("600.09226312"),
                    dayQuoteValue: try decimal("95088751392.90992"), baseVolume24h: try decimal("2083.83396972"),
                    quoteValue24h: try decimal("331188513477.17233"), yearHigh: try decimal("169900000"),
                    yearHighDate: "2025-08-14", yearLow: try decimal("80635000"), yearLowDate: "2024-10-10",
                    exchangeTime: try time("2025-09-26T08:26:46.974Z")))
        guard case .ticker(let first) = found[0].event else { throw Fixture.Missing(path: "a ticker") }
        #expect(first.change == .rise)
        #expect(first.signedChangeRate == (try decimal("0.0000063211")))
        #expect(first.dayQuoteValue == (try decimal("95078733694.3792")))
    }

    @Test("states, refusals and messages that were not asked for")
    func others() throws {
        guard case .alive("UP") = try only(String(decoding: Fixture.bytes("ws_status_up.json"), as: UTF8.self)) else {
            throw Fixture.Missing(path: "a status")
        }
        for (file, expected) in [
            ("ws_error_no_ticket.json", "NO_TICKET"), ("ws_error_invalid_param.json", "INVALID_PARAM"),
            ("rest_error_404.json", "404"),
        ] {
            guard case .refused(let name, let message) = try only(String(decoding: Fixture.bytes(file), as: UTF8.self))
            else { throw Fixture.Missing(path: "a refusal") }
            #expect(name == expected)
            #expect(!message.isEmpty)
        }
        guard case .other("candle.1s") = try only(String(decoding: Fixture.bytes("ws_candle_1s.json"), as: UTF8.self))
        else { throw Fixture.Missing(path: "a candle") }
        guard case .other("LIST_SUBSCRIPTIONS") = try only(#"{"method":"LIST_SUBSCRIPTIONS","result":[],"ticket":"x"}"#)
        else { throw Fixture.Missing(path: "a list") }
    }

    @Test("lists are their messages; a senseless one does not spoil its neighbours")
    func lists() throws {
        let trades = try lines("ws_trade_simple.jsonl").prefix(3)
        let texts = trades.map { String(decoding: $0, as: UTF8.self) }
        let list =
            "[\(texts[0]), {\"ty\":\"trade\",\"cd\":\"KRW-ETH\",\"tp\":-1} ,\(texts[1]),{\"status\":\"UP\"},\(texts[2])]"
        let signals = upbit.decode(Array(list.utf8))
        #expect(signals.count == 5)
        guard case .malformed(let problem, let market) = signals[1] else { throw Fixture.Missing(path: "a problem") }
        #expect(problem.field == "tp")
        #expect(market == MarketCode("KRW-ETH"))
        #expect(events([Array(list.utf8)]).map(\.event) == events(Array(trades)).map(\.event))
        #expect(upbit.decode(Array("[]".utf8)).isEmpty)
    }

    @Test("any order of the fields, white space and unknown fields change nothing")
    func shapes() throws {
        let plain =
            #"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1.50,"tv":2,"ab":"BID","pcp":1,"sid":7,"st":"REALTIME"}"#
        let expected = events([Array(plain.utf8)]).map(\.event)
        #expect(expected.count == 1)
        for other in [
            #"{"st":"REALTIME","sid":7,"pcp":1,"ab":"BID","tv":2.0,"tp":15E-1,"ttms":1788335180377,"cd":"KRW-BTC","ty":"trade"}"#,
            #"{ "ty" : "trade" , "cd" : "KRW-BTC", "ttms": 1788335180377, "tp": 1.5, "tv": 2, "ab": "BID", "pcp": 1, "sid": 7 }"#,
            #"{"ty":"trade","new":{"a":[1,{"b":"}"}]},"cd":"KRW-BTC","ttms":1788335180377,"tp":1.5,"tv":2,"ab":"BID","pcp":1,"sid":7,"bap":null}"#,
            #"{"type":"trade","code":"KRW-BTC","trade_timestamp":1788335180377,"trade_price":1.5,"trade_volume":2,"ask_bid":"BID","prev_closing_price":1,"sequential_id":7}"#,
            #"{"ty":"trade","c\u0064":"KRW-BTC","ttms":1788335180377,"tp":1.5,"tv":2,"ab":"B\u0049D","pcp":1,"sid":7}"#,
        ] {
            #expect(events([Array(other.utf8)]).map(\.event) == expected, "\(other)")
        }
    }

    @Test("the zeros that pad a thin side are dropped")
    func padding() throws {
        let text =
            #"{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"tas":1,"tbs":0,"obu":["#
            + #"{"ap":10,"bp":0,"as":1,"bs":0},{"ap":11,"bp":0.0,"as":2,"bs":0E-8},{"ap":12,"bp":0,"as":0,"bs":0}],"st":"REALTIME"}"#
        guard case .event(.orderBook(let book), false) = try only(text) else { throw Fixture.Missing(path: "a book") }
        #expect(book.bids.isEmpty)
        #expect(book.asks.map(\.price) == [try decimal("10"), try decimal("11")])
        let empty = #"{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"tas":0,"tbs":0,"obu":[]}"#
        guard case .event(.orderBook(let none), _) = try only(empty) else { throw Fixture.Missing(path: "a book") }
        #expect(none.asks.isEmpty && none.bids.isEmpty)
    }

    // MARK: - What is wrong

    @Test(
        "what makes no sense is refused with its field",
        arguments: [
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":0,"tv":2,"ab":"BID","pcp":1,"sid":7}"#, "tp"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1,"tv":2,"ab":"BUY","pcp":1,"sid":7}"#, "ab"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":17883351,"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":7}"#, "ttms"),
            (#"{"ty":"trade","cd":"krw-btc","ttms":1788335180377,"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":7}"#, "cd"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":"1","tv":2,"ab":"BID","pcp":1,"sid":7}"#, "tp"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":1.5}"#, "sid"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":0}"#, "sid"),
            (#"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1,"tv":2,"ab":"BID","pcp":1}"#, "sid"),
            (#"{"ty":"trade","cd":"KRW-BTC","cd":"KRW-ETH"}"#, "cd"),
            (
                #"{"ty":"trade","cd":"KRW-BTC","ttms":1788335180377,"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":7,"st":"LIVE"}"#,
                "st"
            ),
            (
                #"{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"tas":1,"tbs":1,"obu":[{"ap":1,"bp":1,"as":1}]}"#,
                "bs"
            ),
            (
                #"{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"tas":1,"tbs":1,"obu":[{"ap":2,"bp":1,"as":1,"bs":1},{"ap":1,"bp":0.5,"as":1,"bs":1}]}"#,
                "obu"
            ),
            (#"{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"tas":-1,"tbs":1,"obu":[]}"#, "tas"),
        ])
    func senseless(text: String, field: String) throws {
        let (problem, market) = try problem(text)
        #expect(problem.field == field)
        #expect(problem.offset > 0 || problem.reason == "missing")
        #expect(market != nil || field == "cd")
    }

    @Test(
        "what is no message of Upbit's is refused",
        arguments: [
            "", "null", "7", "\"UP\"", "{}", "[1]", "{\"a\":1}", "{\"ty\":\"trade\"", "[{}", "{}{}", "\u{1}", "[[]]",
        ])
    func noMessage(text: String) throws {
        let (_, market) = try problem(text)
        #expect(market == nil)
    }

    @Test("bytes after a good message make it bad, and bytes that are not UTF-8 too")
    func trailing() throws {
        let good = try #require(try lines("ws_trade.json").first)
        for bad in [good + Array("x".utf8), good + [0xFF], [0xEF, 0xBB, 0xBF] + good] {
            let signals = upbit.decode(bad)
            #expect(signals.count == 1)
            guard case .malformed = signals.first else { throw Fixture.Missing(path: "a problem") }
        }
    }

    @Test("no prefix or mutation of a message crashes the reader or makes two events of it")
    func mutations() throws {
        var generator = SeededGenerator(seed: 11)
        var messages = Array(try lines("ws_mixed_simple.jsonl")[..<4])
        for file in ["ws_ticker.jsonl", "ws_trade.json", "ws_error_no_ticket.json"] { messages += try lines(file) }
        for message in messages {
            for count in 0..<message.count {
                let signals = upbit.decode(Array(message[..<count]))
                #expect(signals.count == 1)
                guard case .malformed = signals[0] else { throw Fixture.Missing(path: "a prefix decodes") }
            }
            for _ in 0..<1500 {
                var bytes = message
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
                    default: bytes.remove(at: place)
                    }
                }
                #expect(upbit.decode(bytes).count == 1)
            }
        }
    }

    // MARK: - What is asked

    @Test("a subscription asks for kinds and markets in one message")
    func subscription() throws {
        let markets = [try market("KRW-BTC"), try market("KRW-ETH")]
        #expect(
            upbit.subscription(StreamRequest(markets: markets, ticket: "t\"1")) == [
                #"[{"ticket":"t\"1"},{"type":"trade","codes":["KRW-BTC","KRW-ETH"]},{"type":"ticker","codes":["KRW-BTC","KRW-ETH"]},"#
                    + #"{"type":"orderbook","codes":["KRW-BTC.15","KRW-ETH.15"]},{"format":"SIMPLE"}]"#
            ])
        let few = StreamRequest(markets: [markets[0]], kinds: [.orderBook], bookLevels: 16, ticket: "t", isShort: false)
        #expect(
            upbit.subscription(few) == [
                #"[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC.30"]},{"format":"DEFAULT"}]"#
            ])
        for text in upbit.subscription(few) { try JSONReader.validate(Array(text.utf8)) }
        #expect(upbit.keepAlive.interval < upbit.keepAlive.idleLimit)
    }
}
