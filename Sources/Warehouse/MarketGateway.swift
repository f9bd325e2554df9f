package import CivilTime
package import HTTPClient
package import Markets
package import PostgresClient

/// Where market operators get their data from and where they put it: one for a process.
package struct MarketGateway: Sendable {
    /// The present of an exchange whose clock stands still (a recording pinned to an instant); nil for an exchange that
    /// lives in the present.
    ///
    /// Asked at the start of each try.
    package typealias Present = @Sendable () async throws -> Timestamp?

    /// Connections under the role of the warehouse, which may append to Bronze and never change it.
    package let pool: PostgresPool
    package let present: Present
    /// The present elsewhere; tests move it by hand together with `clock`.
    package let now: @Sendable () -> Timestamp
    /// Measures the waiting for an hour to become final.
    package let clock: any Clock<Duration>
    /// How many markets one task asks for at the same time; the rate limiter decides when each request leaves.
    package let marketsAtOnce: Int
    private let http: HTTPClient
    private let limiters: RateLimiters
    private let baseURLs: [Exchange: String]

    /// - Parameters:
    ///   - limiters: the process's own, so that all its tasks share one limit for each exchange.
    ///   - baseURLs: other addresses that speak an exchange's dialect, such as a recorded exchange.
    package init(
        pool: PostgresPool, http: HTTPClient, limiters: RateLimiters = .shared, baseURLs: [Exchange: String] = [:],
        present: @escaping Present = { nil }, clock: any Clock<Duration> = ContinuousClock(), marketsAtOnce: Int = 4,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.pool = pool
        self.http = http
        self.limiters = limiters
        self.baseURLs = baseURLs
        self.present = present
        self.clock = clock
        self.marketsAtOnce = max(marketsAtOnce, 1)
        self.now = now
    }

    /// The exchange's REST interface; nil when its dialect is not known here.
    func rest(for exchange: Exchange) -> MarketREST? {
        switch exchange {
        case .upbit: MarketREST.upbit(http: http, baseURL: baseURLs[exchange], limiters: limiters)
        default: nil
        }
    }

    /// The exchanges whose dialect is known here.
    static let exchanges: [Exchange] = [.upbit]

    func sleep(for duration: Duration) async throws {
        try await clock.sleep(for: duration)
    }
}
