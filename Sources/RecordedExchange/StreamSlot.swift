import CivilTime
import Synchronization
import WebSocketServer

/// A short stretch of the exchange's time: what happened in it, as frames made once for all connections.
///
/// Frames are made when the first connection asks for their kind, code and format, and shared by the others.
final class StreamSlot: Sendable {
    /// One message, as it goes on the wire and as it is known to faults.
    struct Message: Sendable {
        let market: String
        let payload: [UInt8]
    }

    /// The messages of one kind, code and format: one by one, and encoded together.
    struct Batch: Sendable {
        var messages: [Message] = []
        var frames = WebSocketFrames()

        mutating func append(market: String, _ json: JSONBytes) {
            messages.append(Message(market: market, payload: json.bytes))
            frames.append(binary: json.bytes)
        }
    }

    struct Want: Hashable, Sendable {
        let kind: StreamKind
        /// By position in the recording.
        let market: Int
        let format: StreamFormat
        /// Order books only.
        let units: Int
        let level: Int64
    }

    private let markets: [MadeMarket]
    /// Milliseconds on the recording's clock: what happened from `from` on, up to but not in `to`.
    private let from: Int64
    private let to: Int64
    private let shift: Int64
    private let batches = Mutex<[Want: Batch]>([:])

    /// Books that are skipped when a fast clock has more than so many in one slot; each is whole, so none is missed.
    private static let mostBooks = 4

    init(markets: [MadeMarket], from: Int64, to: Int64, shift: Int64) {
        self.markets = markets
        self.from = from
        self.to = to
        self.shift = shift
    }

    func batch(_ want: Want) -> Batch {
        if let known = batches.withLock({ $0[want] }) { return known }
        let made = make(want)
        batches.withLock { $0[want] = made }
        return made
    }

    private func make(_ want: Want) -> Batch {
        let market = markets[want.market]
        var batch = Batch()
        switch want.kind {
        case .trade:
            for trade in market.trades(from: from, to: to) {
                batch.append(market: market.code, Self.trade(trade, market, shift, want.format, isSnapshot: false))
            }
        case .ticker:
            guard !market.trades(from: from, to: to, limit: 1).isEmpty else { break }
            if let json = Self.ticker(market, at: to - 1, shift, want.format, isSnapshot: false) {
                batch.append(market: market.code, json)
            }
        case .orderbook: books(market, want, into: &batch)
        case .candle(let seconds): candles(market, seconds: seconds, want, into: &batch)
        }
        return batch
    }

    private func books(_ market: MadeMarket, _ want: Want, into batch: inout Batch) {
        guard market.bookLevels.contains(want.level) else { return }
        var moments: [Int64] = []
        var moment = (to - 1).flooredQuotient(MadeBook.grid) * MadeBook.grid
        while moment >= from, moments.count < Self.mostBooks {
            if market.bookTime(at: moment) == moment { moments.append(moment) }
            moment -= MadeBook.grid
        }
        for moment in moments.reversed() {
            guard let book = market.book(at: moment, level: want.level) else { continue }
            var json = JSONBytes(reserving: 4096)
            json.bookFrame(
                book, code: market.code, count: want.units, shift: shift, isSnapshot: false, format: want.format)
            batch.append(market: market.code, json)
        }
    }

    /// Every candle that something was traded in, as it stands at its end or at the slot's.
    private func candles(_ market: MadeMarket, seconds: Int64, _ want: Want, into batch: inout Batch) {
        let length = seconds * 1000
        var last: Int64?
        for trade in market.trades(from: from, to: to) {
            let start = trade.time.flooredQuotient(length) * length
            guard start != last else { continue }
            last = start
            guard let tally = market.tally(from: start, to: min(start + length, to)) else { continue }
            var json = JSONBytes(reserving: 512)
            json.candleFrame(
                tally, seconds: seconds, start: start, code: market.code, shift: shift, isSnapshot: false,
                format: want.format)
            batch.append(market: market.code, json)
        }
    }

    private static func trade(
        _ trade: MadeTrade, _ market: MadeMarket, _ shift: Int64, _ format: StreamFormat, isSnapshot: Bool
    ) -> JSONBytes {
        var json = JSONBytes(reserving: 512)
        json.tradeFrame(
            trade, code: market.code, previousClose: market.previousClose(at: trade.time),
            best: market.best(around: trade), shift: shift, isSnapshot: isSnapshot, format: format)
        return json
    }

    private static func ticker(
        _ market: MadeMarket, at time: Int64, _ shift: Int64, _ format: StreamFormat, isSnapshot: Bool
    ) -> JSONBytes? {
        let now = Timestamp(microseconds: (time + shift) * 1000)
        guard let summary = TickerSummary(market: market, shift: shift / 1000, now: now) else { return nil }
        var json = JSONBytes(reserving: 1200)
        json.tickerFrame(summary, isSnapshot: isSnapshot, format: format)
        return json
    }

    /// Writes the message that a subscription begins with: how things stood when the slot began.
    func appendSnapshot(_ want: Want, to frames: inout WebSocketFrames) {
        // The present of a clock that stands still is part of what can be seen.
        let time = from == to ? from : from - 1
        guard let json = Self.snapshot(want, market: markets[want.market], at: time, shift: shift) else { return }
        frames.append(binary: json.bytes)
    }

    /// The message that a subscription begins with; nil when nothing has happened yet.
    private static func snapshot(_ want: Want, market: MadeMarket, at time: Int64, shift: Int64) -> JSONBytes? {
        var json = JSONBytes(reserving: 4096)
        switch want.kind {
        case .trade:
            guard let last = market.lastTrade(at: time) else { return nil }
            return trade(last, market, shift, want.format, isSnapshot: true)
        case .ticker: return ticker(market, at: time, shift, want.format, isSnapshot: true)
        case .orderbook:
            guard market.bookLevels.contains(want.level), let book = market.book(at: time, level: want.level) else {
                return nil
            }
            json.bookFrame(
                book, code: market.code, count: want.units, shift: shift, isSnapshot: true, format: want.format)
        case .candle(let seconds):
            guard let last = market.lastTrade(at: time) else { return nil }
            let length = seconds * 1000
            let start = last.time.flooredQuotient(length) * length
            guard let tally = market.tally(from: start, to: time + 1) else { return nil }
            json.candleFrame(
                tally, seconds: seconds, start: start, code: market.code, shift: shift, isSnapshot: true,
                format: want.format)
        }
        return json
    }
}
