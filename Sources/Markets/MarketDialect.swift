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
    /// The newest trades, newest first.
    func trades(market: MarketCode, count: Int) -> MarketCall<Trade>

    /// What a reply tells about the rate limit.
    func standing(of response: HTTPResponse) -> LimiterReport
    /// The exchange's name and message in the body of an error; nil when there is none.
    func refusal(in body: [UInt8]) -> (name: String, message: String)?
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
