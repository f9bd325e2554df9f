package import CivilTime
package import Markets
package import PostgresClient

/// The markets that streaming workers collect.
package struct MarketList: Sendable {
    /// A market on the list.
    package struct Entry: Sendable, Hashable {
        package let key: StreamKey
        package let addedAt: Timestamp
        /// Who added it.
        package let addedBy: String
        /// Cannot be removed.
        package let isProtected: Bool
        /// The worker that collects it at present; nil when none does.
        package let worker: String?
    }

    /// The channel that is notified when the list, or who collects what, changes.
    package static let channel = "stream_market"
    private static let timeout = Duration.seconds(10)

    private let pool: PostgresPool

    /// - Parameter pool: connections that may write the warehouse.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Every market on the list, in the order of their keys.
    package func entries() async throws -> [Entry] {
        let rows = try await pool.query(
            """
            SELECT m.exchange, m.market, m.added_at, m.added_by, m.is_protected,
                   CASE WHEN c.heartbeat_at > clock_timestamp() - $1 * interval '1 second' THEN c.worker END AS worker
            FROM warehouse.stream_market AS m
            LEFT JOIN warehouse.stream_claim AS c USING (exchange, market)
            ORDER BY m.exchange, m.market
            """, [MarketClaims.leaseSeconds], timeout: Self.timeout)
        return try rows.compactMap { row in
            // A market of an exchange that this program does not know is another version's.
            guard let exchange = Exchange(rawValue: try row.decode("exchange")),
                let market = MarketCode(try row.decode("market", as: String.self))
            else { return nil }
            return Entry(
                key: StreamKey(exchange: exchange, market: market), addedAt: try row.decode("added_at"),
                addedBy: try row.decode("added_by"), isProtected: try row.decode("is_protected"),
                worker: try row.decode("worker"))
        }
    }

    /// Puts a market on the list; false when it was there already.
    ///
    /// - Parameter listed: the markets that the exchange lists.
    /// - Throws: ``MarketListError/unknown(_:nearest:)`` for a market that is not among them; `PostgresError`.
    package func add(_ key: StreamKey, by actor: String, listed: [MarketCode]) async throws -> Bool {
        guard listed.contains(key.market) else {
            throw MarketListError.unknown(key, nearest: Self.nearest(to: key.market.description, among: listed))
        }
        return try await pool.execute(
            """
            INSERT INTO warehouse.stream_market (exchange, market, added_by) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING
            """, [key.exchange.rawValue, key.market.description, actor], timeout: Self.timeout) == 1
    }

    /// Takes a market off the list; what is stored of it stays.
    ///
    /// Throws ``MarketListError``: `protected`, `notOnList`; `PostgresError`.
    package func remove(_ key: StreamKey) async throws {
        let removed = try await pool.execute(
            "DELETE FROM warehouse.stream_market WHERE exchange = $1 AND market = $2 AND NOT is_protected",
            [key.exchange.rawValue, key.market.description], timeout: Self.timeout)
        guard removed == 0 else { return }
        let known = try await entries()
        if known.contains(where: { $0.key == key }) { throw MarketListError.protected(key) }
        let others = known.filter { $0.key.exchange == key.exchange }.map(\.key.market)
        throw MarketListError.notOnList(key, nearest: Self.nearest(to: key.market.description, among: others))
    }

    /// Up to three names that may have been meant, the nearest first.
    ///
    /// A wrong currency of the price is forgiven: BTC-KRW and KRWBTC mean KRW-BTC.
    package static func nearest(to name: String, among markets: [MarketCode]) -> [MarketCode] {
        let wanted = Array(name.uppercased().utf8)
        let turned = name.uppercased().split(separator: "-").reversed().joined(separator: "-")
        return markets.compactMap { market -> (MarketCode, Int)? in
            if market.description == turned { return (market, 0) }
            let distance = EditDistance.between(wanted, Array(market.description.utf8), limit: 3)
            return distance <= 3 && distance < wanted.count / 2 ? (market, distance) : nil
        }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        .prefix(3).map(\.0)
    }
}

/// Why the list of markets was not changed.
package enum MarketListError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The exchange does not list it.
    case unknown(StreamKey, nearest: [MarketCode])
    /// It must not be removed.
    case protected(StreamKey)
    /// It cannot be removed because it is not there.
    case notOnList(StreamKey, nearest: [MarketCode])

    package var description: String {
        switch self {
        case .unknown(let key, let nearest):
            "\(key.exchange.displayName) has no market \(key.market)" + Self.suggestion(nearest)
        case .protected(let key):
            "\(key.market) is protected: it is always collected and cannot be removed"
        case .notOnList(let key, let nearest):
            "\(key.market) of \(key.exchange.displayName) is not collected" + Self.suggestion(nearest)
        }
    }

    private static func suggestion(_ nearest: [MarketCode]) -> String {
        guard let last = nearest.last else { return "" }
        guard nearest.count > 1 else { return ": did you mean \(last)?" }
        return ": did you mean \(nearest.dropLast().map(\.description).joined(separator: ", ")) or \(last)?"
    }
}
