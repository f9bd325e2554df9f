import ArgumentParser

/// `cryptoflow market …`.
struct MarketCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "market", abstract: "List, add and remove the markets whose trades are collected.",
        subcommands: [MarketListing.self, MarketAdd.self, MarketRemove.self], aliases: ["markets"])
}

/// Which market a command means.
struct MarketChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("The market, price currency first, such as KRW-BTC.", valueName: "market"))
    var market: String

    @Option(help: ArgumentHelp("Its exchange.", valueName: "exchange"))
    var exchange = "upbit"
}
