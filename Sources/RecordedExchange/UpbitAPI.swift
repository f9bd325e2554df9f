import CivilTime

/// Upbit's quotation REST API on a recording: a request and a moment give an answer, nothing else matters.
///
/// Shapes and rules are those of docs.upbit.com (read 2026-11) and of captured answers. Trades, order books and candles
/// below an hour were not recorded: they are made (`MadeMarket`) and say so in a header `X-Derived`.
struct UpbitAPI: Sendable {
    let recording: Recording
    let clock: RecordedClock
    let markets: [MadeMarket]

    init(recording: Recording, clock: RecordedClock, ticks: TickSettings = TickSettings()) {
        self.recording = recording
        self.clock = clock
        markets = recording.markets.map { MadeMarket(market: $0, settings: ticks) }
    }

    /// An endpoint, found by its path.
    enum Route: Sendable, Equatable {
        case markets, tickers, allTickers
        case candles(CandlePeriod, JSONBytes.CandleTail)
        /// Shorter than an hour.
        case madeCandles(seconds: Int64, JSONBytes.CandleTail)
        case trades, books, instruments

        init?(path: String) {
            switch path {
            case "/v1/market/all": self = .markets
            case "/v1/ticker": self = .tickers
            case "/v1/ticker/all": self = .allTickers
            case "/v1/candles/seconds": self = .madeCandles(seconds: 1, .second)
            case "/v1/trades/ticks": self = .trades
            case "/v1/orderbook": self = .books
            case "/v1/orderbook/instruments": self = .instruments
            case "/v1/candles/minutes/60": self = .candles(.hour, .unit(60))
            case "/v1/candles/minutes/240": self = .candles(.fourHours, .unit(240))
            case "/v1/candles/days": self = .candles(.day, .day(converted: false))
            case "/v1/candles/weeks": self = .candles(.week, .firstDay)
            case "/v1/candles/months": self = .candles(.month, .firstDay)
            case "/v1/candles/years": self = .candles(.year, .firstDay)
            default:
                let minutes = "/v1/candles/minutes/"
                let units: [Int64] = [1, 3, 5, 10, 15, 30]
                guard path.hasPrefix(minutes), let unit = Int64(path.dropFirst(minutes.count)), units.contains(unit)
                else { return nil }
                self = .madeCandles(seconds: unit * 60, .unit(Int(unit)))
            }
        }

        var group: ExchangeReply.Group {
            switch self {
            case .markets: .market
            case .tickers, .allTickers: .ticker
            case .candles, .madeCandles: .candles
            case .trades: .trades
            case .books, .instruments: .orderbook
            }
        }
    }

    func answer(_ route: Route, _ target: RequestTarget, now: Timestamp) -> ExchangeReply {
        do throws(UpbitError) {
            switch route {
            case .markets: return marketList(target)
            case .tickers: return try tickers(target, now: now)
            case .allTickers: return try allTickers(target, now: now)
            case .candles(let period, let tail): return try candles(target, period: period, tail: tail, now: now)
            case .madeCandles(let seconds, let tail):
                return try madeCandles(target, seconds: seconds, tail: tail, now: now)
            case .trades: return try trades(target, now: now)
            case .books: return try books(target, now: now)
            case .instruments: return try instruments(target)
            }
        } catch {
            return .error(error)
        }
    }

    private func marketList(_ target: RequestTarget) -> ExchangeReply {
        let details = target.value("is_details", "isDetails")?.lowercased() == "true"
        var json = JSONBytes()
        json.array(recording.markets) { json, market in json.market(market, details: details) }
        return .json(json)
    }

    private func tickers(_ target: RequestTarget, now: Timestamp) throws(UpbitError) -> ExchangeReply {
        guard let list = target.value("markets") else { throw .missingParameter }
        var asked: [MadeMarket] = []
        for code in list.split(separator: ",") { asked.append(try market(code: String(code))) }
        return tickerReply(asked, now: now)
    }

    private func allTickers(_ target: RequestTarget, now: Timestamp) throws(UpbitError) -> ExchangeReply {
        guard let list = target.value("quote_currencies", "quoteCurrencies") else { throw .missingParameter }
        let quotes = list.uppercased().split(separator: ",").map { "\($0)-" }
        let asked = markets.filter { market in quotes.contains { market.code.hasPrefix($0) } }
        return tickerReply(asked, now: now)
    }

    /// Past the end of the recording there is no present, so there are no tickers.
    private func tickerReply(_ markets: [MadeMarket], now: Timestamp) -> ExchangeReply {
        var json = JSONBytes(reserving: 1024 * markets.count)
        guard now < clock.servedSpan.end else {
            var reply = ExchangeReply(status: 200, body: Array("[]".utf8))
            reply.remark = "the recording is over"
            return reply
        }
        let tickers = markets.compactMap { TickerSummary(market: $0, shift: clock.shiftSeconds, now: now) }
        json.array(tickers) { json, ticker in json.ticker(ticker) }
        return .json(json, derived: "acc_trade_price,acc_trade_price_24h,trade_volume,trade_timestamp")
    }

    struct CandleQuery {
        let market: MadeMarket
        let end: Int64?
        let count: Int
    }

    /// `market`, `to` (exclusive) and `count` (1 unless given, at most 200), in the order Upbit checks them as far as known.
    func candleQuery(_ target: RequestTarget) throws(UpbitError) -> CandleQuery {
        guard let code = target.value("market") else { throw .missingParameter }
        var count = 1
        if let text = target.value("count") {
            guard let number = Int(text) else { throw .wrongType }
            guard number > 0 else { throw .invalidValue }
            count = min(number, 200)
        }
        var end: Int64?
        if let text = target.value("to") {
            guard let instant = Timestamp(iso8601: text) else { throw .invalidValue }
            // A slot starts at a whole second: a fraction in `to` still lets the second's slot through.
            end = instant.seconds + (instant.microsecondOfSecond > 0 ? 1 : 0)
        }
        return CandleQuery(market: try market(code: code), end: end, count: count)
    }

    private func candles(
        _ target: RequestTarget, period: CandlePeriod, tail: JSONBytes.CandleTail, now: Timestamp
    ) throws(UpbitError) -> ExchangeReply {
        let query = try candleQuery(target)
        var tail = tail
        if case .day = tail, let currency = target.value("converting_price_unit", "convertingPriceUnit") {
            guard currency.uppercased() == "KRW" else { throw .invalidValue }
            tail = .day(converted: true)
        }
        let series = CandleSeries(market: query.market, shift: clock.shiftSeconds, now: now)
        let rows = series.rows(of: period, before: query.end, limit: query.count)
        var json = JSONBytes(reserving: 420 * rows.count + 2)
        json.array(rows) { json, row in json.candle(row, market: query.market.code, tail: tail) }
        return .json(json, derived: "candle_acc_trade_price,timestamp")
    }

    /// Codes are found in any case, as Upbit's REST API does; one unknown code refuses the whole request.
    func market(code: String) throws(UpbitError) -> MadeMarket {
        let code = code.uppercased()
        guard let market = markets.first(where: { $0.code == code }) else { throw .codeNotFound }
        return market
    }
}
