/// What one listener wants to hear; listeners of the same topic share its frames.
struct LiveTopic: Hashable, Sendable {
    /// How frames are written.
    enum Form: Hashable, Sendable {
        /// One server-sent event a frame, with everything in it.
        case events
        /// A message for every update: for WebSockets.
        case messages
        /// The collectors' page, made anew every second.
        case board
    }

    let form: Form
    /// The kinds wanted of each market; nil for every market.
    let markets: [LiveMarketID: Set<LiveKind>]?
    /// The kinds wanted where `markets` names none.
    let kindsOfAll: Set<LiveKind>
    /// Whether only the last trade of a frame counts: where trades are no more than a price.
    let onlyLastTrade: Bool

    private init(
        _ form: Form, _ markets: [LiveMarketID: Set<LiveKind>]?, kinds: Set<LiveKind> = [], onlyLastTrade: Bool = false
    ) {
        self.form = form
        self.markets = markets
        kindsOfAll = kinds
        self.onlyLastTrade = onlyLastTrade
    }

    static let board = LiveTopic(.board, [:])
    /// The prices of every market.
    static let prices = LiveTopic(.events, nil, kinds: [.trade, .ticker], onlyLastTrade: true)

    /// Everything about one market.
    static func market(_ id: LiveMarketID) -> LiveTopic { LiveTopic(.events, [id: Set(LiveKind.allCases)]) }

    static func socket(_ markets: [LiveMarketID: Set<LiveKind>]) -> LiveTopic { LiveTopic(.messages, markets) }

    /// The kinds wanted of a market.
    func kinds(of id: LiveMarketID) -> Set<LiveKind> {
        guard let markets else { return kindsOfAll }
        return markets[id] ?? []
    }

    /// The markets it names, nil for all.
    var names: Set<LiveMarketID>? { markets.map { Set($0.keys) } }
}
