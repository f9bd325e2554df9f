import CivilTime

/// An order book made around the last trade: whole, never crossed, on the price grid.
struct MadeBook: Sendable, Equatable {
    struct Unit: Sendable, Equatable {
        var askPrice: Int64
        var bidPrice: Int64
        var askSize: Int64
        var bidSize: Int64
    }

    /// When it last changed, on a grid of 100 ms, in milliseconds on the recording's clock.
    var time: Int64
    /// Best first.
    var units: [Unit]
    /// The price step it is grouped by, in 10⁻⁸ KRW; 0 for none.
    var level: Int64

    var totalAskSize: Int64 { units.reduce(0) { $0 + $1.askSize } }
    var totalBidSize: Int64 { units.reduce(0) { $0 + $1.bidSize } }

    /// The time between two changes, in milliseconds.
    static let grid: Int64 = 100
    static let depth = 30
}

extension MadeMarket {
    /// Price steps that books can be grouped by; 0 is the market's own.
    var bookLevels: [Int64] { [0] + [10, 100, 1000, 10_000].map { $0 * market.tick } }

    /// Whether the book changes at a moment of the grid: mostly, and at every whole second.
    private func changes(at moment: Int64) -> Bool {
        moment.flooredRemainder(1000) == 0 || SeededRandom.mix(bookSeed, UInt64(bitPattern: moment), 5) % 10 < 8
    }

    /// When the book that shows at a time was last changed; nil before the first trade.
    ///
    /// Two minutes after the last trade a book stands still.
    func bookTime(at time: Int64) -> Int64? {
        guard let last = lastTrade(at: time) else { return nil }
        var moment = min(time, last.time + 120_000).flooredQuotient(MadeBook.grid) * MadeBook.grid
        while !changes(at: moment) { moment -= MadeBook.grid }
        return moment
    }

    /// The book at a time; nil before the first trade.
    func book(at time: Int64, level: Int64 = 0) -> MadeBook? {
        // In its first second a market's book can be older than its first trade.
        guard let moment = bookTime(at: time), let last = lastTrade(at: moment) ?? lastTrade(at: time) else {
            return nil
        }
        let step = max(level, market.tick)
        let (bestAsk, bestBid) = bestPrices(around: last, at: moment)
        var ask = (bestAsk + step - 1) / step * step
        var bid = bestBid / step * step
        var units: [MadeBook.Unit] = []
        units.reserveCapacity(MadeBook.depth)
        let scale = typicalSize(at: moment) * (step / market.tick)
        for _ in 0..<MadeBook.depth {
            units.append(
                MadeBook.Unit(
                    askPrice: ask, bidPrice: max(bid, 0), askSize: size(at: ask, isBid: false, moment, scale: scale),
                    bidSize: bid > 0 ? size(at: bid, isBid: true, moment, scale: scale) : 0))
            ask += step
            bid = max(bid - step, 0)
        }
        return MadeBook(time: moment, units: units, level: level)
    }

    /// Who bought took the best ask; who sold, the best bid.
    private func bestPrices(around trade: MadeTrade, at moment: Int64) -> (ask: Int64, bid: Int64) {
        let spread = (1 + Int64(SeededRandom.mix(bookSeed, UInt64(bitPattern: moment), 6) % 3)) * market.tick
        return trade.isBid ? (trade.price, trade.price - spread) : (trade.price + spread, trade.price)
    }

    /// What stands on both sides of a trade, at its own moment and without looking for the book.
    func best(around trade: MadeTrade) -> MadeBook.Unit {
        let moment = trade.time.flooredQuotient(MadeBook.grid) * MadeBook.grid
        let (ask, bid) = bestPrices(around: trade, at: moment)
        let scale = typicalSize(at: moment)
        return MadeBook.Unit(
            askPrice: ask, bidPrice: max(bid, 0), askSize: size(at: ask, isBid: false, moment, scale: scale),
            bidSize: bid > 0 ? size(at: bid, isBid: true, moment, scale: scale) : 0)
    }

    /// What is traded in half a second of the hour.
    private func typicalSize(at time: Int64) -> Int64 {
        guard let index = hourIndex(at: time) else { return 1000 }
        return max(market.candles[index].volume / 7200, 1000)
    }

    /// What waits at a price: it changes once a second, at another moment for each price.
    private func size(at price: Int64, isBid: Bool, _ moment: Int64, scale: Int64) -> Int64 {
        let tenth = moment / MadeBook.grid + price / market.tick
        let draw = SeededRandom.mix(
            bookSeed, UInt64(bitPattern: price &* 2 &+ (isBid ? 1 : 0)), UInt64(bitPattern: tenth.flooredQuotient(10)))
        return 1 + Int64(draw % UInt64(scale)) + scale / 16
    }
}
