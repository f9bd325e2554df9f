package import DAGModel
package import Execution

/// Does nothing, and does it for real: its attempt is started, recorded and ended like any other.
package struct EmptyOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "empty",
        aliases: [
            "EmptyOperator", "airflow.providers.standard.operators.empty.EmptyOperator",
            "airflow.operators.empty.EmptyOperator", "airflow.operators.dummy.DummyOperator",
        ],
        summary: "Does nothing; groups dependencies.", parameters: [])

    package init(arguments: [String: JSONValue]) throws {
        _ = try Arguments(arguments, Self.signature)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult { TaskResult() }
}
