package import CivilTime
package import HTTPClient

/// Asks an exchange's REST interface, within its rate limit, and keeps every reply as evidence.
///
/// A call is one try: repeating it is the caller's decision, who passes the count of tries along.
package struct MarketREST: Sendable {
    /// Circumstances of a call.
    package struct Options: Sendable {
        /// The count of tries, from 1; it is noted in the raw reply.
        package var attempt: Int
        /// The longest wait for the rate limit; nil waits as long as it takes, a block of hours included.
        package var maximumWait: Duration?
        /// The longest time for the request itself.
        package var timeout: Duration

        /// Circumstances; by default a first try that waits for its slot as long as it takes.
        package init(attempt: Int = 1, maximumWait: Duration? = nil, timeout: Duration = .seconds(30)) {
            self.attempt = attempt
            self.maximumWait = maximumWait
            self.timeout = timeout
        }
    }

    /// The language spoken.
    package let dialect: any MarketDialect
    private let http: HTTPClient
    private let limiter: RateLimiter
    private let baseURL: String

    /// - Parameters:
    ///   - baseURL: another address that speaks the dialect, such as a recorded exchange; nil is the exchange's own.
    ///   - limiter: the exchange's one limiter of this process (`RateLimiters.limiter(for:)`).
    package init(dialect: any MarketDialect, http: HTTPClient, limiter: RateLimiter, baseURL: String? = nil) {
        self.dialect = dialect
        self.http = http
        self.limiter = limiter
        var base = baseURL ?? dialect.defaultBaseURL
        while base.hasSuffix("/") { base.removeLast() }
        self.baseURL = base
    }

    /// Upbit's, with the process's own limiter.
    package static func upbit(
        http: HTTPClient, baseURL: String? = nil, limiters: RateLimiters = .shared
    ) -> MarketREST {
        MarketREST(
            dialect: UpbitDialect(), http: http, limiter: limiters.limiter(for: .upbit), baseURL: baseURL)
    }

    /// All markets that are listed.
    package func markets(_ options: Options = Options()) async throws(MarketError) -> MarketReply<MarketInfo> {
        try await ask(dialect.markets(), options)
    }

    /// The tickers of some markets; an unknown one makes the exchange refuse all.
    package func tickers(
        markets: [MarketCode], _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<Ticker> {
        try await ask(dialect.tickers(markets: markets), options)
    }

    /// The tickers of all markets priced in some currencies ("KRW").
    package func tickers(
        quotes: [String], _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<Ticker> {
        try await ask(dialect.tickers(quotes: quotes), options)
    }

    /// One page: the newest candles that open before `to` (nil: now), newest first.
    package func candles(
        market: MarketCode, unit: CandleUnit, to: Timestamp? = nil, count: Int, _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<Candle> {
        try await ask(dialect.candles(market: market, unit: unit, to: to, count: count), options)
    }

    /// The newest trades, newest first.
    package func trades(
        market: MarketCode, count: Int, _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<Trade> {
        try await ask(dialect.trades(market: market, count: count), options)
    }

    /// One page of trades, newest first.
    package func trades(
        market: MarketCode, count: Int, page: TradePage, _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<Trade> {
        try await ask(dialect.trades(market: market, count: count, page: page), options)
    }

    /// The order books of some markets; an unknown one makes the exchange refuse all.
    package func orderBooks(
        markets: [MarketCode], _ options: Options = Options()
    ) async throws(MarketError) -> MarketReply<OrderBook> {
        try await ask(dialect.orderBooks(markets: markets), options)
    }

    /// Sends one call.
    ///
    /// Returns whenever there is a reply, whatever its status and sense: `outcome` says which. Throws only when there
    /// is none: `transport`, `cancelled`, or `rateLimited` and `blocked` from waiting.
    private func ask<Value>(
        _ call: MarketCall<Value>, _ options: Options
    ) async throws(MarketError) -> MarketReply<Value> {
        let permit = try await limiter.acquire(call.group, maximumWait: options.maximumWait)
        let request = HTTPRequest(
            url: baseURL + call.endpoint, headers: ["Accept": "application/json"], timeout: options.timeout)
        let callTime = Timestamp.now()
        func raw(_ response: HTTPResponse) -> RawReply {
            RawReply(
                exchange: dialect.exchange, url: response.url, endpoint: call.endpoint, status: response.status,
                headers: response.headers, body: response.body, callTime: callTime, receivedAt: .now(),
                attempt: options.attempt)
        }
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await http.send(request)
        } catch {
            let failure = transportError(error, call.endpoint)
            guard let partial = error.partialResponse else {
                await limiter.report(permit, .noAnswer)
                throw failure
            }
            // A broken-off reply is evidence too, and its status says what the limit is.
            await limiter.report(permit, dialect.standing(of: partial))
            return MarketReply(raw: raw(partial), outcome: .failure(failure))
        }
        let reply = raw(response)
        let blockedUntil = await limiter.report(permit, dialect.standing(of: response))
        guard response.isSuccess else {
            let error = refusal(response, call.endpoint, blockedUntil: blockedUntil)
            return MarketReply(raw: reply, outcome: .failure(error))
        }
        do throws(MalformedData) {
            return MarketReply(raw: reply, outcome: .success(try call.decode(response.body)))
        } catch {
            let failure = MarketError(
                dialect.exchange, .malformed(error), endpoint: call.endpoint, message: error.description)
            return MarketReply(raw: reply, outcome: .failure(failure))
        }
    }

    private func transportError(_ error: HTTPClientError, _ endpoint: String) -> MarketError {
        let kind: MarketError.Kind = error.kind == .cancelled ? .cancelled : .transport(error)
        return MarketError(dialect.exchange, kind, endpoint: endpoint, message: error.description)
    }

    /// An error status as an error; limits are told by the status alone, since their bodies are not documented.
    private func refusal(_ response: HTTPResponse, _ endpoint: String, blockedUntil: Timestamp?) -> MarketError {
        let said = dialect.refusal(in: response.body)
        let message = said.map { "\"\($0.message)\"" } ?? "without a message"
        let kind: MarketError.Kind =
            switch response.status {
            case 429: .rateLimited
            case 418: .blocked(until: blockedUntil ?? .now())
            case 404: .notFound
            case 500...: .server(status: response.status)
            default: .exchangeError(status: response.status, name: said?.name ?? "unnamed")
            }
        return MarketError(dialect.exchange, kind, endpoint: endpoint, message: message)
    }
}
