package import CivilTime

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

/// A collector's state and figures.
package struct CollectorReading: Sendable, Hashable {
    package var worker: String
    package var exchange: String
    package var name: String
    package var markets: [String]
    package var state: String
    /// Why it is in this state; empty for running.
    package var reason: String
    package var since: Timestamp
    package var lastMessageAt: Timestamp?
    /// Messages a second.
    package var rate: Double
    package var lagSeconds: Double?
    package var messages: Int
    package var reconnects: Int
    package var gaps: Int
    package var filledTrades: Int
    package var malformed: Int
    package var shed: Int
    /// Trades stored by its worker since its start, and those that were there already.
    package var stored: Int
    package var duplicates: Int
    package var commitSeconds: Double?
    package var updatedAt: Timestamp
    /// The worker has not written for a while: it is gone or cut off.
    package var isSilent: Bool

    package init(
        worker: String, exchange: String, name: String, markets: [String], state: String, reason: String,
        since: Timestamp, lastMessageAt: Timestamp?, rate: Double, lagSeconds: Double?, messages: Int,
        reconnects: Int, gaps: Int, filledTrades: Int, malformed: Int, shed: Int, stored: Int, duplicates: Int,
        commitSeconds: Double?, updatedAt: Timestamp, isSilent: Bool
    ) {
        self.worker = worker
        self.exchange = exchange
        self.name = name
        self.markets = markets
        self.state = state
        self.reason = reason
        self.since = since
        self.lastMessageAt = lastMessageAt
        self.rate = rate
        self.lagSeconds = lagSeconds
        self.messages = messages
        self.reconnects = reconnects
        self.gaps = gaps
        self.filledTrades = filledTrades
        self.malformed = malformed
        self.shed = shed
        self.stored = stored
        self.duplicates = duplicates
        self.commitSeconds = commitSeconds
        self.updatedAt = updatedAt
        self.isSilent = isSilent
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
        do {
            let result = try await body(desk)
            await desk.close()
            return result
        } catch {
            await desk.close()
            throw error
        }
    }
}
