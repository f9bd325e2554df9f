package import DAGModel
package import Execution

/// Airflow's BranchSQLOperator: the first value of a query decides which tasks are followed.
package struct BranchSQLOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "branch_sql",
        aliases: [
            "BranchSQLOperator", "airflow.providers.common.sql.operators.sql.BranchSQLOperator",
            "airflow.operators.sql.BranchSQLOperator",
        ],
        summary: "Follows one or the other task by the first value of a query.",
        parameters: [
            .init(
                "sql", .string, required: true, rule: .notBlank,
                "a query whose first value is true or false, or a number"),
            .init(
                "follow_task_ids_if_true", .stringOrList, required: true, rule: .tasksBelow,
                "the tasks to follow when it is true"),
            .init(
                "follow_task_ids_if_false", .stringOrList, required: true, rule: .tasksBelow,
                "the tasks to follow when it is not"),
            .init("conn_id", .string, required: true, "the connection, such as warehouse"),
            .init("parameters", .any, "a mapping for %(name)s or a list for %s"),
            .init("database", .string, "another database on the connection's server"),
            .pushesOutput,
        ])

    private let query: SQLOperator
    private let ifTrue: [TaskID]
    private let ifFalse: [TaskID]

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], connections: Connections) throws {
        let arguments = try Arguments(values, Self.signature)
        ifTrue = try BranchOperator.names(arguments, "follow_task_ids_if_true")
        ifFalse = try BranchOperator.names(arguments, "follow_task_ids_if_false")
        query = try SQLOperator(
            arguments: values.filter { ["sql", "conn_id", "parameters", "database"].contains($0.key) },
            connections: connections)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let value = FirstValue.of(try await query.execute(context).output)
        guard let value else { throw TaskFailure("the query gives no row, so there is nothing to decide by") }
        guard let isTrue = Truth.ofAnswer(value) else {
            throw TaskFailure(
                "the query's first value is \(value.kindDescription) that means neither true nor false",
                isRetryable: false)
        }
        return try BranchOperator.follow(isTrue ? ifTrue : ifFalse, context)
    }
}

/// The first value of the first row of a query's output.
enum FirstValue {
    /// Nil when there is no row.
    static func of(_ output: JSONValue?) -> JSONValue? {
        guard let row = output?.arrayValue?.first else { return nil }
        return row.arrayValue?.first ?? row
    }
}
