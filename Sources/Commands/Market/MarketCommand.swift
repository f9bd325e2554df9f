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
    var name: String

    @Option(name: .customLong("exchange"), help: ArgumentHelp("Its exchange.", valueName: "exchange"))
    var exchangeName = "upbit"

    /// As exchanges write them, however they were typed.
    var market: String { name.uppercased() }
    var exchange: String { exchangeName.lowercased() }
}
