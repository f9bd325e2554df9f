import ArgumentParser
import Testing

@Suite("Help") struct HelpTests {
    /// Every command with its path, depth first.
    private static func commands() -> [(path: String, type: any ParsableCommand.Type)] {
        func below(_ type: any ParsableCommand.Type, _ path: String) -> [(path: String, type: any ParsableCommand.Type)]
        {
            [(path, type)]
                + type.configuration.subcommands.flatMap {
                    below($0, path + " " + ($0.configuration.commandName ?? "?"))
                }
        }
        return below(TestRoot.self, "cryptoflow")
    }

    @Test("every command that does something has an example")
    func examples() {
        for (path, type) in Self.commands() where type.configuration.subcommands.isEmpty {
            #expect(type.configuration.discussion.contains("  \(path)"), "\(path)")
        }
    }

    @Test("help goes to standard output and ends in 0; an unknown command ends in 2")
    func codes() async {
        let help = await CommandLineHarness.run("dag", "list", "--help")
        #expect(help.code == 0)
        #expect(help.output.contains("USAGE: cryptoflow dag list"))
        #expect(await CommandLineHarness.run("dag", "lst").code == 2)
        #expect(await CommandLineHarness.run("version").output == "cryptoflow 1.2.3\n")
    }
}
