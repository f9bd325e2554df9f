import ArgumentParser

/// `cryptoflow stream …`.
struct StreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream", abstract: "Show what the collectors of market data do.",
        subcommands: [StreamStatus.self])
}
