import CivilTime
import Logging
import Markets
import Testing

@testable import Streaming

/// Messages as tests need them.
enum Sample {
    static let start = Timestamp(iso8601: "2026-03-10T12:00:00Z") ?? .epoch

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func market(_ code: String) throws -> MarketCode { try #require(MarketCode(code)) }

    static func key(_ code: String = "KRW-BTC") throws -> StreamKey {
        StreamKey(exchange: .upbit, market: try market(code))
    }

    static func trade(
        _ code: String = "KRW-BTC", at milliseconds: Int64, id: Int64, price: String = "100", volume: String = "1",
        origin: StreamMessage.Origin = .realtime
    ) throws -> StreamMessage {
        let trade = Trade(
            market: try market(code), tradedAt: start + .milliseconds(milliseconds),
            price: try #require(ExactDecimal(price)), volume: try #require(ExactDecimal(volume)), takerSide: .bid,
            sequentialID: id, previousClose: .one)
        return message(.trade(trade), at: milliseconds, origin)
    }

    static func ticker(
        _ code: String = "KRW-BTC", at milliseconds: Int64, price: String = "100", receivedAt: Int64? = nil
    ) throws -> StreamMessage {
        let (price, time) = (try #require(ExactDecimal(price)), start + .milliseconds(milliseconds))
        let ticker = Ticker(
            market: try market(code), price: price, lastVolume: .one, lastTradeAt: time, dayOpen: price,
            dayHigh: price, dayLow: price, previousClose: price, change: .even, signedChange: .zero,
            signedChangeRate: .zero, dayBaseVolume: .one, dayQuoteValue: price, baseVolume24h: .one,
            quoteValue24h: price, exchangeTime: time)
        return message(.ticker(ticker), at: receivedAt ?? milliseconds)
    }

    static func book(
        _ code: String = "KRW-BTC", at milliseconds: Int64, best: Int64 = 100, levels: Int64 = 12
    ) throws -> StreamMessage {
        let book = OrderBook(
            market: try market(code), exchangeTime: start + .milliseconds(milliseconds),
            bids: (0..<levels).map { OrderBook.Level(price: ExactDecimal(best - $0), size: .one) },
            asks: (0..<levels).map { OrderBook.Level(price: ExactDecimal(best + 1 + $0), size: .one) },
            totalBidSize: ExactDecimal(levels), totalAskSize: ExactDecimal(levels))
        return message(.orderBook(book), at: milliseconds)
    }

    private static func message(
        _ event: MarketEvent, at milliseconds: Int64, _ origin: StreamMessage.Origin = .realtime
    ) -> StreamMessage {
        StreamMessage(
            exchange: .upbit, event: event, origin: origin, receivedAt: start + .milliseconds(milliseconds + 5),
            receivedNanoseconds: 0)
    }
}

extension StreamMessage {
    /// The sequential id of a trade; nil for others.
    var tradeID: Int64? {
        guard case .trade(let trade) = event else { return nil }
        return trade.sequentialID
    }

    /// What the tests compare: kind, market, and time or id.
    var label: String {
        switch event {
        case .trade(let trade): "trade \(trade.market) \(trade.sequentialID)"
        case .ticker(let ticker): "ticker \(ticker.market) \(ticker.price)"
        case .orderBook(let book): "book \(book.market) \(book.bids.first?.price.description ?? "-")"
        }
    }
}

/// Everything a subscription has, up to its end.
func everything(_ subscription: some BusSubscription) async throws -> [StreamMessage] {
    var all: [StreamMessage] = []
    for try await batch in subscription { all += batch }
    return all
}

/// Gives others a turn until something holds; the suite's time limit ends it otherwise.
func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
