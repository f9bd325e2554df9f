import CivilTime
import Collecting

/// What a listener is shown first: everything that is known at that moment.
struct LiveDesk: Sendable {
    let markets: any LiveMarkets
    let now: @Sendable () -> Timestamp
    /// The content of the collectors' page.
    let board: @Sendable ([CollectorStatus], StreamFigures) -> String

    static let tradesShown = 30

    func symbols() async throws -> SymbolBook { SymbolBook(try await markets.symbols()) }

    /// The first events of a stream.
    func events(for topic: LiveTopic) async throws -> String {
        let collectors = try await markets.collectors()
        if topic.form == .board {
            let html = board(collectors, try await markets.figures())
            return LiveFrame.eventText("board", data: LiveJSON.quoted(html))
        }
        let status = LiveStatus(collectors, of: topic.names, TimeWords(now: now())).json
        return LiveFrame.eventText("snapshot", data: try await snapshots(of: topic))
            + LiveFrame.eventText("status", data: status)
    }

    private func snapshots(of topic: LiveTopic) async throws -> String {
        guard let wanted = topic.markets else {
            let all = try await markets.latest()
            return "[" + all.map { LiveJSON.snapshot($0, kinds: topic.kinds(of: $0.id)) }.joined(separator: ",") + "]"
        }
        var texts: [String] = []
        for (id, kinds) in wanted.sorted(by: { $0.key < $1.key }) {
            async let latest = markets.latest(id)
            let trades = try await markets.trades(TradeQuery(id: id, limit: Self.tradesShown))
            texts.append(LiveJSON.snapshot(try await latest ?? LiveSnapshot(id: id), trades: trades, kinds: kinds))
        }
        return "[" + texts.joined(separator: ",") + "]"
    }

    /// The first messages of a socket, one for each market.
    func messages(for wanted: [LiveMarketID: Set<LiveKind>]) async throws -> [String] {
        var texts: [String] = []
        for (id, kinds) in wanted.sorted(by: { $0.key < $1.key }) {
            texts.append(LiveJSON.snapshot(try await markets.latest(id) ?? LiveSnapshot(id: id), kinds: kinds))
        }
        return texts
    }
}
