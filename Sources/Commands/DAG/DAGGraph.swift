import ArgumentParser
import DAGDocument
import DAGModel
import RunStore

/// `cryptoflow dag graph ID|FILE`.
struct DAGGraph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Draw a DAG: its tasks and what they wait for.",
        discussion: """
            Mermaid is for Markdown, dot for Graphviz; both frame the groups of tasks. svg is a picture that any \
            browser shows, with each task's group beside its operator. A file is drawn without a database.

            Examples:
              cryptoflow dag graph candles_1h
              cryptoflow dag graph dags/candles_1h.yaml --format svg > candles_1h.svg
            """)

    @Argument(help: ArgumentHelp("The DAG's id, or a document's file.", valueName: "dag|file"))
    var source: String

    @Option(name: .shortAndLong, help: ArgumentHelp("What to write.", valueName: "format"))
    var format = GraphFormat.mermaid

    @Option(name: .customLong("dag"), help: ArgumentHelp("Which DAG of a file that has several.", valueName: "id"))
    var id: String?

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let definition: DAG
        if NamedDAG.isFile(source) {
            definition = try NamedDAG.read(file: source, id: id).dag
        } else {
            definition = try await database.withHistory { try await HistoryLookup($0).dag(source).definition }
        }
        try CommandEnvironment.current.console.output(GraphDrawing.text(of: definition, as: format))
    }
}
