import ArgumentParser
import DAGModel

/// `cryptoflow version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the program's version.",
        discussion: """
            Example:
              cryptoflow version
            """)

    @OptionGroup var options: OutputOptions

    func run() throws {
        let version = CommandEnvironment.current.version
        try options.write(["version": .string(version)]) { _ in "cryptoflow \(version)" }
    }
}
