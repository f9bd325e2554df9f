package import Collecting
package import Commands
import HTTPClient
import Hosting
import Markets
import PostgresClient
import Streaming

/// The commands' market desk: the list in the database, and the exchange's own list over REST.
package struct StreamDesk: MarketDesk {
    private let pool: PostgresPool
    private let list: MarketList
    private let board: CollectorBoard
    private let http: HTTPClient
    private let exchangeURL: String?

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    fileprivate init(pool: PostgresPool, exchangeURL: String?) {
        self.pool = pool
        list = MarketList(pool: pool)
        board = CollectorBoard(pool: pool)
        http = HTTPClient()
        self.exchangeURL = exchangeURL
    }

    package func markets() async throws -> [CollectedMarket] {
        try await list.entries().map {
            CollectedMarket(
                exchange: $0.key.exchange.rawValue, market: $0.key.market.description, addedAt: $0.addedAt,
                addedBy: $0.addedBy, isProtected: $0.isProtected, worker: $0.worker)
        }
    }

    package func add(exchange: String, market: String, actor: String) async throws -> Bool {
        let exchange = try Self.exchange(exchange)
        let listed = try await listing(of: exchange)
        guard let code = MarketCode(market.uppercased()) else {
            let nearest = MarketList.nearest(to: market, among: listed).map { " Did you mean \($0)?" }.first ?? ""
            throw Failure(
                description: "\"\(market)\" is not a market: write the price's currency first, as in KRW-BTC.\(nearest)"
            )
        }
        return try await list.add(StreamKey(exchange: exchange, market: code), by: actor, listed: listed)
    }

    package func remove(exchange: String, market: String) async throws {
        guard let code = MarketCode(market.uppercased()) else {
            throw Failure(
                description: "\"\(market)\" is not a market: write the price's currency first, as in KRW-BTC.")
        }
        try await list.remove(StreamKey(exchange: try Self.exchange(exchange), market: code))
    }

    package func collectors() async throws -> [CollectorReading] { try await board.entries() }

    package func close() async {
        await http.shutDown()
        await pool.close()
    }

    private static func exchange(_ name: String) throws -> Exchange {
        guard let exchange = Exchange(rawValue: name.lowercased()) else {
            throw Failure(
                description: "there is no exchange \"\(name)\"; there are: "
                    + Exchange.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard exchange == .upbit else {
            throw Failure(description: "\(exchange.displayName) is not collected yet; upbit is")
        }
        return exchange
    }

    /// What the exchange lists: asked where the running worker asks, so that recorded and real markets do not mix.
    ///
    /// When it cannot be reached, what its tickers have shown so far.
    private func listing(of exchange: Exchange) async throws -> [MarketCode] {
        let working = try await board.entries().first { $0.status.exchange == exchange.rawValue && !$0.isSilent }?
            .restURL
        let url = exchangeURL ?? working.flatMap { $0.isEmpty ? nil : $0 }
        let rest = MarketREST.upbit(http: http, baseURL: url)
        do {
            return try await rest.markets(.init(timeout: .seconds(10))).values().map(\.market)
        } catch {
            let known = try await pool.query(
                "SELECT market FROM warehouse.market WHERE exchange = $1", [exchange.rawValue], timeout: .seconds(10)
            ).compactMap { MarketCode(try $0.decode(0, as: String.self)) }
            guard known.isEmpty else { return known }
            throw Failure(
                description: "\(exchange.displayName) cannot be asked which markets it lists: \(error). "
                    + "Try again when it can be reached, or name another address with --exchange-url")
        }
    }
}

/// Opens the market desk of a database or a home.
package struct ProgramDesks: MarketDeskOpener {
    package init() {}

    package func openDesk(_ target: DatabaseTarget, exchangeURL: String?) async throws -> any MarketDesk {
        let address = try DatabaseAddress.resolve(target)
        var settings = try PostgresSettings(url: address.ownerURL)
        settings.applicationName = "cryptoflow cli"
        let pool = PostgresPool(settings, options: PostgresPoolOptions(maxConnections: 2, connectPatience: .zero))
        return StreamDesk(pool: pool, exchangeURL: exchangeURL)
    }
}
