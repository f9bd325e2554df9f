import CivilTime
import Collecting
import Logging

/// The real-time path under the pages' hands: what listeners are shown first, and the hub that keeps them informed.
struct LiveSite: Sendable {
    let desk: LiveDesk
    let hub: LiveHub

    init(
        markets: any LiveMarkets, configuration: LiveConfiguration, now: @escaping @Sendable () -> Timestamp,
        logger: Logger, board: @escaping @Sendable ([CollectorStatus], StreamFigures) -> String
    ) {
        desk = LiveDesk(markets: markets, now: now, board: board)
        hub = LiveHub(markets: markets, configuration: configuration, now: now, logger: logger, board: board)
    }

    /// `/events/collectors`, `/events/live` and `/events/live?market=…`; nil for another address.
    func events(for request: PageRequest) async throws -> PageReply? {
        let topic: LiveTopic
        switch request.segments {
        case ["events", "collectors"]: topic = .board
        case ["events", "live"]:
            if let name = request.query["market"] {
                let book = try await desk.symbols()
                guard let id = try? book.find(name) else { return nil }
                topic = .market(id)
            } else {
                topic = .prices
            }
        default: return nil
        }
        let stream = LiveEventStream(hub: hub, topic: topic) { [desk] in try await desk.events(for: topic) }
        return PageReply(status: 200, contentType: "text/event-stream; charset=utf-8", body: .events(stream))
    }
}
