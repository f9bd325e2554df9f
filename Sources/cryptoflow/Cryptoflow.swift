import ArgumentParser
import Commands
import Glibc
import Hosting
import Programs

@main
enum Cryptoflow {
    struct Root: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cryptoflow",
            abstract: "Runs YAML DAGs, collects market data, refines it in PostgreSQL, and shows what happened.",
            version: Programs.version,
            subcommands: [StandaloneCommand.self, DatabaseCommand.self, WorkerCommand.self] + Commands.subcommands)
    }

    static func main() async {
        let environment = CommandEnvironment(
            opener: ProgramHistory(), models: ProgramModels(), desks: ProgramDesks(), tester: ProgramTester(),
            inspector: ProgramInspector(),
            operators: OperatorKit.signatures, version: Programs.version)
        exit(await Commands.run(Root.self, in: environment))
    }
}
