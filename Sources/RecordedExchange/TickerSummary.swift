import CivilTime

/// A market's ticker at a moment, computed from its recorded hours and the trades made of the running one.
///
/// All times are served ones. The day is the UTC day of the last trade (opening, high, low and the sums since 00:00 are its own); the 24-hour sums are
/// those of the hours that began within the last 24 hours, the running one included; highest and lowest reach back 52
/// weeks, or to the recording's start.
struct TickerSummary: Sendable, Equatable {
    enum Change: String, Sendable {
        case rise = "RISE"
        case even = "EVEN"
        case fall = "FALL"
    }

    var market: String
    /// Milliseconds since the Unix epoch.
    var lastTrade: Int64
    var opening: Int64
    var high: Int64
    var low: Int64
    var price: Int64
    var previousClose: Int64
    /// The size and the taker of the last made-up trade.
    var lastVolume: Int64
    var lastIsBid: Bool
    var volumeToday: Int128
    var valueToday: Int128
    var volume24h: Int128
    var value24h: Int128
    var highest: Extreme
    var lowest: Extreme

    /// A price and the start of the UTC day it was paid on, in seconds.
    struct Extreme: Sendable, Equatable {
        var price: Int64
        var day: Int64
    }

    var change: Change { price > previousClose ? .rise : price < previousClose ? .fall : .even }

    /// Nil when nothing has traded yet at `now`.
    init?(market: MadeMarket, shift: Int64, now: Timestamp) {
        let series = CandleSeries(market: market, shift: shift, now: now)
        guard series.count > 0 else { return nil }
        let newest = series.count - 1
        let last = series.candle(at: newest)
        self.market = market.code
        lastTrade = series.lastTrade(at: newest)
        price = last.close
        let lastMade = market.lastTrade(at: lastTrade - shift * 1000)
        lastVolume = lastMade?.volume ?? 0
        lastIsBid = lastMade?.isBid ?? true

        let day = CandlePeriod.day.slotStart(of: series.openTime(at: newest))
        let dayStart = series.firstIndex(from: day)
        let opening = series.candle(at: dayStart).open
        self.opening = opening
        previousClose = dayStart > 0 ? series.candle(at: dayStart - 1).close : opening
        (high, low, volumeToday, valueToday) = (last.high, last.low, 0, 0)
        for index in dayStart...newest {
            let candle = series.candle(at: index)
            high = max(high, candle.high)
            low = min(low, candle.low)
            volumeToday += Int128(candle.volume)
            valueToday += series.value(at: index)
        }
        (volume24h, value24h) = (0, 0)
        for index in series.firstIndex(from: now.seconds - 24 * 3600)..<series.count {
            let candle = series.candle(at: index)
            volume24h += Int128(candle.volume)
            value24h += series.value(at: index)
        }
        (highest, lowest) = (Extreme(price: last.high, day: day), Extreme(price: last.low, day: day))
        for index in series.firstIndex(from: now.seconds - 52 * 7 * 86_400)..<series.count {
            let candle = series.candle(at: index)
            let day = CandlePeriod.day.slotStart(of: series.openTime(at: index))
            if candle.high > highest.price { highest = Extreme(price: candle.high, day: day) }
            if candle.low < lowest.price { lowest = Extreme(price: candle.low, day: day) }
        }
    }
}
