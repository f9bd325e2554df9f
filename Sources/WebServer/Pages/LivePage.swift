import CivilTime

/// `/live`: the prices of all markets as they come.
struct LivePage {
    let live: (any LiveMarkets)?
    let words: TimeWords

    func page() async throws -> SitePage {
        guard let live else {
            return .view("Live", section: "live", "live", ["note": LiveLook.nothingLive])
        }
        async let latest = live.latest()
        async let collectors = live.collectors()
        let symbols = SymbolBook(try await live.symbols()).symbols
        let known = Dictionary(try await latest.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var content = LiveLook.status(try await collectors, of: nil, words)
        content["any"] = !symbols.isEmpty
        if symbols.isEmpty { content["note"] = "No market is collected yet." }
        content["rows"] = symbols.map { symbol -> [String: Any] in
            var row = LiveLook.figures(known[symbol.id] ?? LiveSnapshot(id: symbol.id))
            row["id"] = symbol.id.description
            row["href"] = PageLink.live(symbol.id)
            row["market"] = symbol.id.market
            row["exchange"] = symbol.id.exchange
            row["quote"] = LiveLook.quote(symbol.id)
            if let name = symbol.name { row["name"] = name }
            return row
        }
        return .view("Live", section: "live", "live", content)
    }
}
