package import CivilTime
package import Collecting

/// The list of collected markets, and what collects them, behind the commands.
///
/// Errors are sentences for people.
package protocol MarketDesk: Sendable {
    /// Every market on the list, by exchange and code.
    func markets() async throws -> [CollectedMarket]

    /// Puts a market on the list; false when it was there already.
    ///
    /// Throws when the exchange does not list it, with the nearest names, or cannot be asked.
    func add(exchange: String, market: String, actor: String) async throws -> Bool

    /// Takes a market off the list.
    func remove(exchange: String, market: String) async throws

    /// The collectors of all workers, as they wrote it last.
    func collectors() async throws -> [CollectorReading]

    /// Ends the connections.
    func close() async
}

/// Opens the market desk of the database that a command line names.
package protocol MarketDeskOpener: Sendable {
    /// - Parameter exchangeURL: another REST address to ask for the markets that are listed; nil for the usual one.
    func openDesk(_ target: DatabaseTarget, exchangeURL: String?) async throws -> any MarketDesk
}

/// A market on the list.
package struct CollectedMarket: Sendable, Hashable {
    package let exchange: String
    package let market: String
    package let addedAt: Timestamp
    package let addedBy: String
    /// Cannot be removed.
    package let isProtected: Bool
    /// The worker that collects it; nil when none does.
    package let worker: String?

    package init(
        exchange: String, market: String, addedAt: Timestamp, addedBy: String, isProtected: Bool, worker: String?
    ) {
        self.exchange = exchange
        self.market = market
        self.addedAt = addedAt
        self.addedBy = addedBy
        self.isProtected = isProtected
        self.worker = worker
    }
}

extension DatabaseOptions {
    /// Opens the market desk, lets `body` work with it, and closes it whatever happens.
    func withDesk<Result>(exchangeURL: String? = nil, _ body: (any MarketDesk) async throws -> Result) async throws
        -> Result
    {
        guard let opener = CommandEnvironment.current.desks else {
            throw CommandFailure("this program cannot open the list of markets")
        }
        let desk = try await opener.openDesk(target, exchangeURL: exchangeURL)
        return try await closing(desk, by: { await $0.close() }, body)
    }
}
