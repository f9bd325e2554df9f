import ArgumentParser
import DAGModel

/// `cryptoflow market add MARKET`.
struct MarketAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Collect a market's trades, tickers and order books from now on.",
        discussion: """
            The exchange is asked whether it lists the market. Running workers notice at once.

            Example:
              cryptoflow market add KRW-ADA
            """)

    @OptionGroup var choice: MarketChoice

    @Option(
        help: ArgumentHelp(
            "Another REST address of the exchange to ask (default: the one that the running worker uses).",
            valueName: "url"))
    var exchangeURL: String?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let actor = CommandEnvironment.current.actor
        let isNew = try await database.withDesk(exchangeURL: exchangeURL) { desk in
            try await desk.add(exchange: choice.exchange, market: choice.market, actor: actor)
        }
        let result: JSONValue = [
            "exchange": .string(choice.exchange), "market": .string(choice.market), "added": .bool(isNew),
        ]
        try options.write(result) { _ in
            isNew
                ? "\(choice.market) of \(choice.exchange) is collected from now on"
                : "\(choice.market) of \(choice.exchange) is collected already"
        }
    }
}

/// `cryptoflow market remove MARKET`.
struct MarketRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Collect a market no longer; what is stored of it stays.",
        discussion: """
            Example:
              cryptoflow market remove KRW-DOGE
            """)

    @OptionGroup var choice: MarketChoice
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await database.withDesk { desk in
            try await desk.remove(exchange: choice.exchange, market: choice.market)
        }
        let result: JSONValue = [
            "exchange": .string(choice.exchange), "market": .string(choice.market), "removed": true,
        ]
        try options.write(result) { _ in "\(choice.market) of \(choice.exchange) is not collected any more" }
    }
}
