import CivilTime
import Synchronization

/// A market's trades, made from its recorded candles as they are asked for: the truth between them.
///
/// All times are the recording's. Any minute can be made by itself; what was made is kept for a while, because those who
/// ask usually ask for the present.
final class MadeMarket: Sendable {
    let market: Recording.Market
    private let seed: UInt64
    private let tradesPerMinute: Double
    private let cache: Mutex<Cache>

    private struct Cache {
        var hours = RecentlyMade<Int, [MinuteShape]>(capacity: 64)
        var minutes: RecentlyMade<Int64, [MadeTrade]>
        var values: [Int: Int128] = [:]
    }

    /// About so many trades are kept, some 20 MB; but always those of four minutes, or the present would be made anew for
    /// every look at it.
    private static let keptTrades = 500_000.0

    init(market: Recording.Market, settings: TickSettings) {
        self.market = market
        // FNV-1a: markets with the same prices still have trades of their own.
        let code = market.code.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        seed = SeededRandom.mix(settings.seed, code)
        tradesPerMinute = settings.tradesPerSecond * 60
        let kept = min(max(Self.keptTrades / tradesPerMinute, 4), 128)
        cache = Mutex(Cache(minutes: RecentlyMade(capacity: Int(kept))))
    }

    var code: String { market.code }
    /// For what is made around the trades.
    var bookSeed: UInt64 { seed }

    /// The minutes of a recorded hour that have trades, in order.
    func minutes(ofHour index: Int) -> [MinuteShape] {
        if let known = cache.withLock({ $0.hours[index] }) { return known }
        let hour = market.candles[index]
        let recorded = market.recordedMinutes(of: hour.openTime)
        let minutes =
            recorded.isEmpty
            ? HourShape.minutes(of: hour, tick: market.tick, seed: seed)
            : recorded.map {
                MinuteShape(
                    start: $0.openTime, open: $0.open, high: $0.high, low: $0.low, close: $0.close, volume: $0.volume,
                    tick: market.tick, seed: seed)
            }
        cache.withLock { $0.hours[index] = minutes }
        return minutes
    }

    /// Σ price × volume of an hour's trades, in 10⁻⁸ KRW, rounded half up.
    func value(ofHour index: Int) -> Int128 {
        if let known = cache.withLock({ $0.values[index] }) { return known }
        let value = Self.rounded(minutes(ofHour: index).reduce(0) { $0 + $1.value })
        cache.withLock { $0.values[index] = value }
        return value
    }

    /// From 10⁻¹⁶ to 10⁻⁸ KRW, half up.
    static func rounded(_ value: Int128) -> Int128 { (value + 50_000_000) / 100_000_000 }

    /// The trades of a minute, in order.
    func trades(of minute: MinuteShape) -> [MadeTrade] {
        if let known = cache.withLock({ $0.minutes[minute.start] }) { return known }
        var random = SeededRandom(SeededRandom.mix(seed, UInt64(bitPattern: minute.start), 4))
        let wanted = Int(tradesPerMinute * (0.6 + 0.8 * random.fraction()))
        let trades = minute.trades(wanted: wanted)
        cache.withLock { $0.minutes[minute.start] = trades }
        return trades
    }

    /// The hour by position that a time (milliseconds) lies in or, between hours, the one before; nil before the first.
    func hourIndex(at time: Int64) -> Int? {
        let second = time.flooredQuotient(1000)
        var (low, high) = (0, market.candles.count)
        while low < high {
            let middle = (low + high) / 2
            if market.candles[middle].openTime > second { high = middle } else { low = middle + 1 }
        }
        return low == 0 ? nil : low - 1
    }

    /// The trades with `from <= time < to` (milliseconds), in order; at most `limit`.
    func trades(from: Int64, to: Int64, limit: Int = .max) -> [MadeTrade] {
        var found: [MadeTrade] = []
        var index = hourIndex(at: from) ?? 0
        while index < market.candles.count, market.candles[index].openTime * 1000 < to {
            for minute in minutes(ofHour: index)
            where minute.start * 1000 < to && minute.start * 1000 + 60_000 > from {
                let trades = trades(of: minute)
                let begin = Self.firstIndex(in: trades, from: from)
                let end = Self.firstIndex(in: trades, from: to)
                found += trades[begin..<end].prefix(limit - found.count)
                if found.count >= limit { return found }
            }
            index += 1
        }
        return found
    }

    /// Trades newest first: those before `end` (milliseconds, excluded) and not before `start`, as far as `isWanted`.
    func trades(
        before end: Int64, notBefore start: Int64, limit: Int, where isWanted: (MadeTrade) -> Bool
    ) -> [MadeTrade] {
        var found: [MadeTrade] = []
        guard var index = hourIndex(at: end - 1) else { return found }
        while index >= 0, market.candles[index].endTime * 1000 > start {
            for minute in minutes(ofHour: index).reversed()
            where minute.start * 1000 < end && minute.start * 1000 + 60_000 > start {
                for trade in trades(of: minute).reversed() where trade.time < end && trade.time >= start {
                    guard isWanted(trade) else { continue }
                    found.append(trade)
                    if found.count >= limit { return found }
                }
            }
            index -= 1
        }
        return found
    }

    /// The newest trade at or before a time in milliseconds.
    func lastTrade(at time: Int64) -> MadeTrade? {
        trades(before: time + 1, notBefore: .min / 2, limit: 1) { _ in true }.first
    }

    /// The first position whose trade is not before a time.
    static func firstIndex(in trades: [MadeTrade], from time: Int64) -> Int {
        var (low, high) = (0, trades.count)
        while low < high {
            let middle = (low + high) / 2
            if trades[middle].time >= time { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Values that were made last; the oldest goes when there are too many.
private struct RecentlyMade<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]
    private var order: [Key] = []
    private var next = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            guard let newValue, values.updateValue(newValue, forKey: key) == nil else { return }
            if order.count < capacity {
                order.append(key)
            } else {
                values[order[next]] = nil
                order[next] = key
                next = (next + 1) % capacity
            }
        }
    }
}
