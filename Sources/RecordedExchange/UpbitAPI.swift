import CivilTime

/// Upbit's quotation REST API on a recording: a request and a moment give an answer, nothing else matters.
///
/// Shapes and rules are those of docs.upbit.com (read 2026-11) and of captured answers. What the recording lacks is absent
/// and said so: seconds and minutes below 60 give `[]` with a header `X-Recorded`; trades and order books have no route.
struct UpbitAPI: Sendable {
    let recording: Recording
    let clock: RecordedClock

    /// An endpoint, found by its path.
    enum Route: Sendable, Equatable {
        case markets, tickers, allTickers
        case candles(CandlePeriod, JSONBytes.CandleTail)
        case unrecordedCandles

        init?(path: String) {
            switch path {
            case "/v1/market/all": self = .markets
            case "/v1/ticker": self = .tickers
            case "/v1/ticker/all": self = .allTickers
            case "/v1/candles/seconds": self = .unrecordedCandles
            case "/v1/candles/minutes/60": self = .candles(.hour, .unit(60))
            case "/v1/candles/minutes/240": self = .candles(.fourHours, .unit(240))
            case "/v1/candles/days": self = .candles(.day, .day(converted: false))
            case "/v1/candles/weeks": self = .candles(.week, .firstDay)
            case "/v1/candles/months": self = .candles(.month, .firstDay)
            case "/v1/candles/years": self = .candles(.year, .firstDay)
            default:
                let minutes = "/v1/candles/minutes/"
                let units = ["1", "3", "5", "10", "15", "30"]
                guard path.hasPrefix(minutes), units.contains(String(path.dropFirst(minutes.count))) else { return nil }
                self = .unrecordedCandles
            }
        }

        var group: ExchangeReply.Group {
            switch self {
            case .markets: .market
            case .tickers, .allTickers: .ticker
            case .candles, .unrecordedCandles: .candles
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
            case .unrecordedCandles:
                _ = try candleQuery(target)
                var reply = ExchangeReply(status: 200, body: Array("[]".utf8))
                reply.remark = "only 60-minute candles were recorded; 240 minutes, days and longer come from them"
                return reply
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
        var asked: [Recording.Market] = []
        for code in list.split(separator: ",") { asked.append(try market(code: String(code))) }
        return tickerReply(asked, now: now)
    }

    private func allTickers(_ target: RequestTarget, now: Timestamp) throws(UpbitError) -> ExchangeReply {
        guard let list = target.value("quote_currencies", "quoteCurrencies") else { throw .missingParameter }
        let quotes = list.uppercased().split(separator: ",").map { "\($0)-" }
        let asked = recording.markets.filter { market in quotes.contains { market.code.hasPrefix($0) } }
        return tickerReply(asked, now: now)
    }

    /// Past the end of the recording there is no present, so there are no tickers.
    private func tickerReply(_ markets: [Recording.Market], now: Timestamp) -> ExchangeReply {
        var json = JSONBytes(reserving: 1024 * markets.count)
        guard now < clock.servedSpan.end else {
            var reply = ExchangeReply(status: 200, body: Array("[]".utf8))
            reply.remark = "the recording is over"
            return reply
        }
        let tickers = markets.compactMap { TickerSummary(market: $0, shift: clock.shiftSeconds, now: now) }
        json.array(tickers) { json, ticker in json.ticker(ticker) }
        return .json(json, derived: "acc_trade_price,acc_trade_price_24h,trade_volume")
    }

    private struct CandleQuery {
        let market: Recording.Market
        let end: Int64?
        let count: Int
    }

    /// `market`, `to` (exclusive) and `count` (1 unless given, at most 200), in the order Upbit checks them as far as known.
    private func candleQuery(_ target: RequestTarget) throws(UpbitError) -> CandleQuery {
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
        let rows = series.rows(of: period, before: query.end, limit: query.count, now: now)
        var json = JSONBytes(reserving: 420 * rows.count + 2)
        json.array(rows) { json, row in json.candle(row, market: query.market.code, tail: tail) }
        return .json(json, derived: "candle_acc_trade_price")
    }

    /// Codes are found in any case, as Upbit's REST API does; one unknown code refuses the whole request.
    private func market(code: String) throws(UpbitError) -> Recording.Market {
        let code = code.uppercased()
        guard let market = recording.markets.first(where: { $0.code == code }) else { throw .codeNotFound }
        return market
    }
}
