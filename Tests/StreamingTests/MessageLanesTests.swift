import CivilTime
import Markets
import Testing

@testable import Streaming

@Suite("Messages that wait") struct MessageLanesTests {
    private func trade(_ id: Int64) -> StreamMessage {
        let trade = Trade(
            market: code("KRW-BTC"), tradedAt: .epoch, price: .one, volume: .one, takerSide: .bid, sequentialID: id,
            previousClose: .one)
        return message(.trade(trade))
    }

    private func book(_ time: Int64) -> StreamMessage {
        let book = OrderBook(
            market: code("KRW-BTC"), exchangeTime: Timestamp(seconds: time), bids: [], asks: [], totalBidSize: .zero,
            totalAskSize: .zero)
        return message(.orderBook(book))
    }

    /// The lanes behind methods that an expectation can call.
    private final class Held {
        var lanes = MessageLanes()
        let most: Int
        init(capacity: Int) { most = capacity }
        func append(_ message: StreamMessage) -> MarketEvent? { lanes.append(message, most: most)?.event }
        func take(_ most: Int) -> [MarketEvent] { lanes.take(most).map(\.event) }
    }

    private func message(_ event: MarketEvent) -> StreamMessage {
        StreamMessage(
            exchange: .upbit, event: event, origin: .realtime, receivedAt: .epoch, receivedNanoseconds: 0)
    }

    @Test("they leave in the order of their arrival, whatever their kinds")
    func order() {
        let buffer = Held(capacity: 100)
        let messages = [trade(1), book(2), trade(3), trade(4), book(5)]
        for message in messages { #expect(buffer.append(message) == nil) }
        #expect(buffer.take(2) == messages[..<2].map(\.event))
        #expect(buffer.append(book(6)) == nil)
        #expect(buffer.take(100) == messages[2...].map(\.event) + [book(6).event])
        #expect(buffer.take(1).isEmpty)
    }

    @Test("when full, the oldest book goes first, and trades only when there is nothing else")
    func shedding() {
        let buffer = Held(capacity: 3)
        for message in [trade(1), book(2), book(3)] { #expect(buffer.append(message) == nil) }
        #expect(buffer.append(trade(4)) == book(2).event)
        #expect(buffer.append(trade(5)) == book(3).event)
        #expect(buffer.append(trade(6)) == trade(1).event)
        #expect(buffer.append(book(7)) == book(7).event)
        #expect(buffer.take(9) == [trade(4), trade(5), trade(6)].map(\.event))
    }
}
