import CivilTime
import Markets
import Warehouse
import WebServer

/// The warehouse as the market pages show it.
struct WarehousePages: MarketPages {
    let queries: MarketQueries
    /// The exchange's present.
    let present: @Sendable () -> Timestamp

    func latestPrices() async throws -> [MarketPrice] {
        try await queries.latestPrices().map {
            MarketPrice(
                exchange: $0.exchange, market: $0.market, hour: $0.openTime, price: $0.close.description,
                change24h: $0.change24h)
        }
    }

    func priceLine(exchange: String, market: String, hours: Int) async throws -> [MarketPoint] {
        try await queries.priceLine(exchange: exchange, market: market, hours: hours).map {
            MarketPoint(hour: $0.hour, close: $0.close?.doubleValue, average: $0.ma25)
        }
    }

    func coverage(hours: Int) async throws -> [MarketHours] {
        try await queries.coverage(until: present(), hours: hours).map {
            MarketHours(
                exchange: $0.exchange, market: $0.market, candles: $0.candles, withoutTrade: $0.withoutTrade,
                missing: $0.notFinal + $0.notRefined + $0.notFetched, newest: $0.newest)
        }
    }

    func indicators(exchange: String, market: String) async throws -> MarketReadings? {
        guard let gold = try await queries.indicators(exchange: exchange, market: market) else { return nil }
        let trend: [(String, Double?)] = [
            ("MA 7", gold.ma7), ("MA 25", gold.ma25), ("MA 99", gold.ma99), ("EMA 12", gold.ema12),
            ("EMA 26", gold.ema26), ("Bollinger upper", gold.bollingerUpper),
            ("Bollinger middle", gold.bollingerMiddle), ("Bollinger lower", gold.bollingerLower),
        ]
        let momentum: [(String, Double?, MarketReading.Unit)] = [
            ("RSI 14", gold.rsi14, .plain), ("MACD", gold.macd, .price), ("MACD signal", gold.macdSignal, .price),
            ("MACD histogram", gold.macdHistogram, .price), ("ATR 14", gold.atr14, .price),
        ]
        let volatility: [(String, Double?)] = [
            ("close to close, 24 h", gold.volatilityClose24h), ("close to close, 168 h", gold.volatilityClose168h),
            ("Parkinson, 24 h", gold.volatilityParkinson24h), ("Parkinson, 168 h", gold.volatilityParkinson168h),
            ("Garman–Klass, 24 h", gold.volatilityGarmanKlass24h),
            ("Garman–Klass, 168 h", gold.volatilityGarmanKlass168h),
        ]
        let windows = [("hours lacking of 24", gold.missing24h), ("hours lacking of 168", gold.missing168h)]
        return MarketReadings(
            hour: gold.openTime,
            readings: trend.map { MarketReading(group: "Trend", name: $0.0, value: $0.1, unit: .price) }
                + momentum.map { MarketReading(group: "Momentum", name: $0.0, value: $0.1, unit: $0.2) }
                + volatility.map {
                    MarketReading(group: "Volatility, annualised", name: $0.0, value: $0.1, unit: .fraction)
                }
                + windows.map { MarketReading(group: "Windows", name: $0.0, value: Double($0.1), unit: .count) })
    }
}
