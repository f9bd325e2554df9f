import ArgumentParser
import Commands

/// The commands without a program around them.
struct ModelRoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cryptoflow", subcommands: Commands.subcommands)
}
