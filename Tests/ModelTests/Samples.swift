import CivilTime
import Glibc
import SeededRandom

@testable import Model

extension SeededGenerator {
    /// Standard normal, by Box and Muller.
    mutating func normal() -> Double {
        let first = Double.random(in: 1e-12..<1, using: &self)
        let second = Double.random(in: 0..<1, using: &self)
        return sqrt(-2 * log(first)) * cos(2 * .pi * second)
    }
}

enum Samples {
    static let market = MarketKey(exchange: "upbit", market: "KRW-BTC")
    static let ether = MarketKey(exchange: "upbit", market: "KRW-ETH")
    /// 2026-01-01T00:00:00Z, a Thursday.
    static let firstHour: Int64 = 1_767_225_600 / 3_600

    /// Hours with prices that follow log returns, and indicators that are there but say nothing.
    static func hours(_ returns: [Double], from first: Int64 = firstHour, start: Double = 100) -> [MarketHour] {
        var price = start
        return returns.enumerated().map { index, move in
            let open = price
            price *= exp(move)
            var hour = MarketHour(hour: first + Int64(index))
            hour.open = open
            hour.close = price
            hour.high = max(open, price) * 1.001
            hour.low = min(open, price) * 0.999
            hour.volume = 10 + Double(index % 7)
            hour.volatilityClose24h = 0.5
            hour.volatilityClose168h = 0.5
            hour.volatilityParkinson24h = 0.4
            hour.volatilityGarmanKlass24h = 0.4
            hour.rsi14 = 50
            hour.macd = 0
            hour.macdHistogram = 0
            hour.atr14 = price * 0.002
            hour.bollingerMiddle = price
            hour.bollingerUpper = price * 1.01
            hour.bollingerLower = price * 0.99
            return hour
        }
    }

    /// Returns without any pattern.
    static func noise(_ count: Int, seed: UInt64, deviation: Double = 0.004) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in random.normal() * deviation }
    }

    /// Returns of which each is half the one before, turned round, and half noise: there is something to learn.
    static func pattern(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededGenerator(seed: seed)
        var last = 0.0
        return (0..<count).map { _ in
            last = -0.6 * last + random.normal() * 0.004
            return last
        }
    }
}
