import ArgumentParser
import DAGModel

/// `cryptoflow dag schema`.
struct DAGSchema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of DAG documents, with every operator's arguments.",
        discussion: """
            Editors that know YAML complete and check with it. It covers what CryptoFlow adds to Airflow's format, and \
            the arguments of this installation's operators. What validates passes it; dag validate finds more.

            Example:
              cryptoflow dag schema > dags/.schema.json

            Then, as the first line of a document:
              # yaml-language-server: $schema=.schema.json
            """)

    func run() throws {
        let environment = CommandEnvironment.current
        try environment.console.output(DocumentSchema(operators: environment.operators).json.prettyText)
    }
}
