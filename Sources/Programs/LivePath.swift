import CivilTime
import Collecting
import Markets
import Streaming
import Synchronization
import WebServer

/// The real-time path of this process as pages, APIs, sockets and metrics see it.
///
/// What is live is this worker's own; states and stored data are those of all workers.
struct LivePath: LiveMarkets {
    let parts: StreamProgram.Parts
    let counter: MessageCounter

    /// Messages that may wait for the pages before the oldest order books are shed.
    private static let waitingMessages = 8_192
    /// With the database, whose answers only add to what is known here.
    private static let patience = Duration.seconds(1)

    func collectors() async throws -> [CollectorStatus] {
        let own = await parts.collectorStatuses().map { $0.named(parts.worker) }
        // A database that does not answer hides the other workers, not this one.
        let entries = (try? await within(Self.patience) { try await parts.board.entries() }) ?? []
        let others = entries.filter { $0.worker != parts.worker }
        return (own + others.map { CollectorStatus($0) }).sorted { ($0.exchange, $0.name) < ($1.exchange, $1.name) }
    }

    func figures() async throws -> StreamFigures {
        let sinks = Dictionary(parts.sinkStatuses().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let trades = sinks["trades"]
        return StreamFigures(
            messages: counter.counts, storedTrades: trades?.stored ?? 0, duplicateTrades: trades?.duplicates ?? 0,
            deadLetters: sinks["dead_letters"]?.stored ?? 0, commits: trades?.commits ?? 0,
            lastCommitSeconds: trades?.lastCommitSeconds, waiting: trades?.waiting ?? 0)
    }

    func symbols() async throws -> [LiveSymbol] {
        do {
            return try await within(Self.patience) { try await parts.list.entries() }
                .map { LiveSymbol(id: LiveMarketID($0.key), isProtected: $0.isProtected) }
        } catch {
            // Without the database, those that this worker has seen.
            let seen = try await latest().map(\.id).sorted()
            guard !seen.isEmpty else { throw error }
            return seen.map { LiveSymbol(id: $0) }
        }
    }

    func latest() async throws -> [LiveSnapshot] { try await parts.latest.all().map { LiveSnapshot($0) } }

    func latest(_ id: LiveMarketID) async throws -> LiveSnapshot? {
        guard let key = StreamKey(id) else { return nil }
        return try await parts.latest.latest(key).map { LiveSnapshot($0) }
    }

    func updates(
        _ isWanted: @escaping @Sendable (LiveMarketID, LiveKind) -> Bool
    ) async throws -> any AsyncSequence<[LiveUpdate], any Error> & Sendable {
        let request = SubscriptionRequest(name: "pages", capacity: Self.waitingMessages, overflow: .shed)
        return Self.converted(try await parts.bus.subscribe(request), isWanted)
    }

    private static func converted(
        _ subscription: some BusSubscription, _ isWanted: @escaping @Sendable (LiveMarketID, LiveKind) -> Bool
    ) -> any AsyncSequence<[LiveUpdate], any Error> & Sendable {
        subscription.compactMap { batch in
            let updates = batch.compactMap { message -> LiveUpdate? in
                isWanted(LiveMarketID(message), LiveKind(message.event.kind)) ? LiveUpdate(message) : nil
            }
            return updates.isEmpty ? nil : updates
        }
    }
}
