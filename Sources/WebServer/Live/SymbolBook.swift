import DAGModel

/// The markets that are collected, for finding one by what a person or a program wrote.
struct SymbolBook: Sendable {
    let symbols: [LiveSymbol]

    init(_ symbols: [LiveSymbol]) { self.symbols = symbols.sorted { $0.id < $1.id } }

    /// Why no market is meant.
    struct Unknown: Error, Sendable, Hashable {
        let name: String
        let nearest: [String]

        /// What, and what would be right.
        var message: String { "no market \"\(name.prefix(40))\" is collected" }
        var advice: String {
            nearest.isEmpty ? "/api/market/symbols lists what is" : "did you mean \(nearest.joined(separator: " or "))?"
        }
    }

    /// The market called `KRW-BTC` or `upbit:KRW-BTC`, in any case; of several exchanges' the first.
    func find(_ name: String, exchange: String? = nil) throws(Unknown) -> LiveMarketID {
        var wanted = name.lowercased()
        var exchange = exchange?.lowercased()
        if let colon = wanted.firstIndex(of: ":") {
            exchange = String(wanted[..<colon])
            wanted = String(wanted[wanted.index(after: colon)...])
        }
        let ofExchange = symbols.filter { exchange == nil || $0.id.exchange.lowercased() == exchange }
        if let found = ofExchange.first(where: { $0.id.market.lowercased() == wanted }) { return found.id }
        throw Unknown(name: name, nearest: nearest(to: wanted, among: ofExchange.isEmpty ? symbols : ofExchange))
    }

    /// The few names that are most like it: mistyped, its parts the other way round, or one part alone.
    private func nearest(to wanted: String, among symbols: [LiveSymbol]) -> [String] {
        let names = symbols.map(\.id.market)
        var found: [String] = []
        let parts = wanted.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let turned = parts.reversed().joined(separator: "-")
        found += names.filter { $0.lowercased() == turned || $0.lowercased() == parts.joined(separator: "-") }
        if let near = NearestName.of(wanted, among: names) { found.append(near) }
        if let last = parts.last {
            found += names.filter { name in name.lowercased().split(separator: "-").contains { $0 == last } }
        }
        var seen: Set<String> = []
        return Array(found.filter { seen.insert($0).inserted }.prefix(3))
    }
}
