import ArgumentParser
import DAGModel

/// `cryptoflow market list`.
struct MarketListing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the markets that are collected, and by which worker.",
        discussion: """
            Example:
              cryptoflow market list
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let markets = try await database.withDesk { try await $0.markets() }
        let shapes = options.shapes
        try options.write(.array(markets.map { shapes.market($0) })) { isColourful in
            guard !markets.isEmpty else { return "no markets are collected" }
            var table = TextTable(
                .init("EXCHANGE"), .init("MARKET"), .init("COLLECTED BY"), .init("ADDED"), .init("ADDED BY"), .init(""))
            for market in markets {
                table.add(
                    .init(market.exchange), .init(market.market),
                    .init(market.worker ?? "nobody", market.worker == nil ? .warning : .plain),
                    .init(shapes.shortText(market.addedAt)), .init(market.addedBy),
                    .init(market.isProtected ? "protected" : ""))
            }
            return table.text(isColourful: isColourful)
        }
    }
}

extension RecordShapes {
    func market(_ market: CollectedMarket) -> JSONValue {
        [
            "exchange": .string(market.exchange), "market": .string(market.market),
            "worker": market.worker.map { .string($0) } ?? .null, "added_at": .string(text(market.addedAt)),
            "added_by": .string(market.addedBy), "is_protected": .bool(market.isProtected),
        ]
    }
}
