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
    /// Nil for every market.
    let markets: Set<LiveMarketID>?
    let kinds: Set<LiveKind>
    /// Whether only the last trade of a frame counts: where trades are no more than a price.
    let onlyLastTrade: Bool

    static let board = LiveTopic(form: .board, markets: [], kinds: [], onlyLastTrade: false)
    /// The prices of every market.
    static let prices = LiveTopic(form: .events, markets: nil, kinds: [.trade, .ticker], onlyLastTrade: true)

    /// Everything about one market.
    static func market(_ id: LiveMarketID) -> LiveTopic {
        LiveTopic(form: .events, markets: [id], kinds: Set(LiveKind.allCases), onlyLastTrade: false)
    }

    static func socket(_ markets: Set<LiveMarketID>, _ kinds: Set<LiveKind>) -> LiveTopic {
        LiveTopic(form: .messages, markets: markets, kinds: kinds, onlyLastTrade: false)
    }

    func wants(_ id: LiveMarketID, _ kind: LiveKind) -> Bool {
        kinds.contains(kind) && (markets?.contains(id) ?? true)
    }
}
