package import CivilTime
package import HTTPClient

/// How one exchange's REST interface is asked and read.
///
/// Pure: it builds paths and reads bytes, and touches no network.
package protocol MarketDialect: Sendable {
    var exchange: Exchange { get }
    /// The exchange's own address, without a slash at its end.
    var defaultBaseURL: String { get }
    /// The most candles that one reply holds.
    var candlesPerPage: Int { get }

    /// All markets that are listed.
    func markets() -> MarketCall<MarketInfo>
    /// The tickers of some markets.
    func tickers(markets: [MarketCode]) -> MarketCall<Ticker>
    /// The tickers of all markets priced in some currencies.
    func tickers(quotes: [String]) -> MarketCall<Ticker>
    /// The newest candles that open before `to` (nil: now), newest first, at most `candlesPerPage`.
    func candles(market: MarketCode, unit: CandleUnit, to: Timestamp?, count: Int) -> MarketCall<Candle>
    /// The most trades that one reply holds.
    var tradesPerPage: Int { get }
    /// One page of trades, newest first, at most `tradesPerPage`.
    func trades(market: MarketCode, count: Int, page: TradePage) -> MarketCall<Trade>
    /// Where a walk back through a market's trades goes on; nil when it has come to an end.
    ///
    /// - Parameters:
    ///   - oldest: the oldest trade of the page just read; nil when it was empty.
    ///   - instant: how far back the walk is meant to go.
    func page(after page: TradePage, oldest: Trade?, backTo instant: Timestamp, now: Timestamp) -> TradePage?
    /// The order books of some markets.
    func orderBooks(markets: [MarketCode]) -> MarketCall<OrderBook>

    /// What a reply tells about the rate limit.
    func standing(of response: HTTPResponse) -> LimiterReport
    /// The exchange's name and message in the body of an error; nil when there is none.
    func refusal(in body: [UInt8]) -> (name: String, message: String)?
}

extension MarketDialect {
    /// The newest trades, newest first.
    package func trades(market: MarketCode, count: Int) -> MarketCall<Trade> {
        trades(market: market, count: count, page: .newest)
    }
}

/// A place in a market's past trades.
package struct TradePage: Sendable, Hashable {
    /// Counted back from the day of the newest trade; 0 is that day.
    package var daysAgo: Int
    /// Only trades older than the one of this sequential id; nil for the newest of the day.
    package var cursor: Int64?

    /// The newest trades.
    package static let newest = TradePage()

    /// A place; without more, the newest trades.
    package init(daysAgo: Int = 0, cursor: Int64? = nil) {
        self.daysAgo = daysAgo
        self.cursor = cursor
    }
}

/// One question of a dialect: what to ask, and how to read the answer.
package struct MarketCall<Value: Sendable>: Sendable {
    /// Path and query, percent-encoded, from the base URL on.
    package var endpoint: String
    /// The group of requests that share a rate limit.
    package var group: RequestGroup
    /// Reads the body of a successful reply.
    package var decode: @Sendable ([UInt8]) throws(MalformedData) -> DecodedRows<Value>

    /// A question.
    package init(
        endpoint: String, group: RequestGroup,
        decode: @escaping @Sendable ([UInt8]) throws(MalformedData) -> DecodedRows<Value>
    ) {
        self.endpoint = endpoint
        self.group = group
        self.decode = decode
    }
}

/// Requests of an exchange that share one limit.
package struct RequestGroup: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    /// The group's name.
    package let rawValue: String

    /// A group of any name.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Lists of markets.
    package static let market = Self(rawValue: "market")
    /// Candles of every unit.
    package static let candles = Self(rawValue: "candles")
    /// Trades.
    package static let trades = Self(rawValue: "trades")
    /// Tickers.
    package static let ticker = Self(rawValue: "ticker")
    /// Order books.
    package static let orderbook = Self(rawValue: "orderbook")

    package var description: String { rawValue }
}
