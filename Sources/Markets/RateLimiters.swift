import Synchronization

/// The rate limiters of a process, one an exchange.
///
/// An exchange counts requests by address, so every part of the process must use the same one.
package final class RateLimiters: Sendable {
    /// The process's own.
    package static let shared = RateLimiters()

    private let settings: [Exchange: RateLimiterSettings]
    private let limiters = Mutex<[Exchange: RateLimiter]>([:])

    /// A registry of its own, for tests and for settings other than the defaults.
    package init(settings: [Exchange: RateLimiterSettings] = [:]) {
        self.settings = settings
    }

    /// The exchange's limiter, always the same one.
    package func limiter(for exchange: Exchange) -> RateLimiter {
        limiters.withLock { limiters in
            if let limiter = limiters[exchange] { return limiter }
            let limiter = RateLimiter(exchange: exchange, settings: settings[exchange] ?? RateLimiterSettings())
            limiters[exchange] = limiter
            return limiter
        }
    }
}
