import DAGModel
import Testing

@testable import DAGDocument

/// Operators enough for documents of every kind.
let sampleCatalog = OperatorCatalog([
    OperatorSignature(
        name: "bash",
        aliases: ["airflow.providers.standard.operators.bash.BashOperator", "airflow.operators.bash.BashOperator"],
        summary: "Runs a command.", runsProcess: true,
        parameters: [
            .init("bash_command", .string, required: true, "the command"), .init("env", .object, "variables"),
            .init("append_env", .boolean, "keeps the environment"), .init("cwd", .string, "the folder"),
        ]),
    OperatorSignature(
        name: "empty", aliases: ["airflow.providers.standard.operators.empty.EmptyOperator"], summary: "Does nothing.",
        parameters: []),
    OperatorSignature(
        name: "sql", aliases: ["airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator"],
        summary: "Runs SQL.",
        parameters: [
            .init("sql", .stringOrList, required: true, "the statements"), .init("conn_id", .string, "the connection"),
            .init("parameters", .object, "bound values"), .init("autocommit", .boolean, "no transaction"),
        ]),
    OperatorSignature(
        name: "market_fetch", aliases: ["cryptoflow.operators.MarketFetch"], summary: "Fetches market data.",
        parameters: [
            .init("exchange", .string, required: true, choices: ["upbit", "bithumb"], "the exchange"),
            .init("endpoint", .string, required: true, "what to fetch"), .init("quote", .string, "the quote currency"),
            .init("timeout", .duration, "how long to wait"), .init("limit", .integer, "how many"),
        ]),
])

let schemaLine = "$schema: https://airflow.apache.org/schemas/dag/2026-10-30.json\n"

extension DocumentLoader {
    static func sample(root: String = "/nonexistent", settings: LoaderSettings = LoaderSettings()) -> DocumentLoader {
        DocumentLoader(catalog: sampleCatalog, root: root, settings: settings)
    }

    func load(text: String, file: String = "a.yaml") -> LoadedFile {
        load(bytes: Array(text.utf8), file: file)
    }
}

/// A document's text from its body: the two required keys come first, so the body begins on line 3.
func document(_ body: String) -> String { schemaLine + "dag_id: d\n" + body }

/// The one DAG of a document that must load.
func loadOne(_ body: String, settings: LoaderSettings = LoaderSettings()) throws -> DAG {
    let file = DocumentLoader.sample(settings: settings).load(text: document(body))
    let errors = file.diagnostics.filter { $0.severity == .error }
    #expect(errors.isEmpty, "\(errors.map(\.description).joined(separator: "\n"))")
    return try #require(file.dags.first).dag
}

/// Every diagnostic of a document as `line:column keyPath message (hint)`.
func problems(_ body: String) -> [String] {
    problems(ofText: document(body))
}

func problems(ofText text: String) -> [String] {
    DocumentLoader.sample().load(text: text).diagnostics.map { diagnostic in
        let path = diagnostic.keyPath.isEmpty ? "" : " \(diagnostic.keyPath):"
        return "\(diagnostic.place.line):\(diagnostic.place.column)\(path) \(diagnostic.message)"
            + (diagnostic.hint.map { " (\($0))" } ?? "")
    }
}

/// Expects that one of a document's diagnostics has a text.
func expectProblem(_ expected: String, in body: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let found = problems(body)
    #expect(
        found.contains { $0.contains(expected) }, "\(found.joined(separator: "\n"))", sourceLocation: sourceLocation)
}
