import CivilTime
package import DAGModel
package import Execution
import PostgresClient

/// Airflow's SQLExecuteQueryOperator for PostgreSQL: one statement or many, in one transaction unless `autocommit`.
///
/// In the project's own database the attempt's row is locked before the commit: an attempt that a new leader has declared
/// lost can then not commit any more.
package struct SQLOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "sql",
        aliases: [
            "SQLExecuteQueryOperator", "PostgresOperator",
            "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator",
            "airflow.providers.postgres.operators.postgres.PostgresOperator",
            "airflow.operators.postgres_operator.PostgresOperator",
        ],
        summary: "Runs SQL statements in PostgreSQL; the last result is the output.",
        parameters: [
            .init(
                "sql", .stringOrList, required: true, rule: .notBlank, "one or more statements, or a list of such texts"
            ),
            .init("conn_id", .string, "the connection, such as warehouse, the project's own database"),
            .init("postgres_conn_id", .string, "the older name of conn_id"),
            .init("parameters", .any, "a mapping for %(name)s or a list for %s; %% is a percent sign then"),
            .init("autocommit", .boolean, "whether each statement commits by itself; false: all or none"),
            .init("split_statements", .boolean, "accepted for Airflow's sake: statements are always told apart"),
            .init("return_last", .boolean, "false: the output is the list of all results; true by default"),
            .init(
                "handler", .string,
                "what is kept of a result: fetch_all_handler (default), fetch_one_handler, or null for nothing"),
            .init("database", .string, "another database on the connection's server"),
            .init("hook_params", .object, "must be empty: there is no hook to pass them to"),
            .init("show_return_value_in_log", .boolean, "whether the output is written to the log; false by default"),
            .init("requires_result_fetch", .boolean, "accepted for Airflow's sake"),
            .pushesOutput,
        ], alternatives: [.init(["conn_id", "postgres_conn_id"], required: true)])

    private enum Handler { case all, one, none }

    private let statements: [SQLStatement]
    private let parameters: SQLParameters
    private let connectionID: String
    private let connections: Connections
    private let database: String?
    private let isAutocommit: Bool
    private let returnsLast: Bool
    private let handler: Handler
    private let keepsOutput: Bool
    private let showsOutput: Bool

    /// Run before the commit in the project's own database; throws there when the attempt is no longer live.
    package static let holdAttempt = "SELECT flow.hold_attempt($1)"

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], connections: Connections) throws {
        let arguments = try Arguments(values, Self.signature)
        guard let id = try arguments.string("conn_id") ?? arguments.string("postgres_conn_id") else {
            throw Arguments.failure("the argument \"conn_id\" is missing: name a connection, such as warehouse")
        }
        connectionID = id
        self.connections = connections
        statements = try Self.statements(arguments)
        parameters = try SQLParameters(arguments["parameters"])
        database = try arguments.string("database")
        isAutocommit = try arguments.bool("autocommit", default: false)
        returnsLast = try arguments.bool("return_last", default: true)
        keepsOutput = try arguments.bool("do_xcom_push", default: true)
        showsOutput = try arguments.bool("show_return_value_in_log", default: false)
        if let parameters = try arguments.object("hook_params"), !parameters.isEmpty {
            throw Arguments.failure("hook_params is not supported: put options into the connection's URL")
        }
        if arguments.isNull("handler") {
            handler = .none
        } else {
            let name = try arguments.string("handler") ?? "fetch_all_handler"
            switch name.split(separator: ".").last {
            case "fetch_all_handler": handler = .all
            case "fetch_one_handler": handler = .one
            default:
                throw Arguments.failure(
                    "handler must be fetch_all_handler, fetch_one_handler or null, found \"\(name)\"")
            }
        }
        if !isAutocommit, let one = statements.first(where: \.controlsTransaction) {
            throw Arguments.failure(
                "line \(one.line): \(one.words.first ?? "") cannot stand here, since all statements run in one "
                    + "transaction that the operator begins and commits; leave it out, or set autocommit: true")
        }
    }

    private static func statements(_ arguments: Arguments) throws -> [SQLStatement] {
        let texts: [String]
        switch arguments["sql"] {
        case .string(let text)?: texts = [text]
        case .array(let elements)?:
            texts = try elements.map { element in
                guard let text = element.stringValue else {
                    throw arguments.mismatch("sql", "a string or a list of strings", element)
                }
                return text
            }
        case nil: throw Arguments.failure("the argument \"sql\" is missing")
        case let other?: throw arguments.mismatch("sql", "a string or a list of strings", other)
        }
        let statements = texts.flatMap(SQLScript.split)
        guard !statements.isEmpty else { throw Arguments.failure("the argument \"sql\" holds no statement") }
        return statements
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        // Before connecting: a missing value needs no database to be found.
        let bound = try statements.enumerated().map { index, statement in
            do {
                return try parameters.bind(statement.text)
            } catch let failure as TaskFailure {
                throw Arguments.failure("\(place(index)): \(failure.reason)")
            }
        }
        let connection = try await connect(context)
        do {
            let isOwn = connections.isBuiltIn(connectionID) && database == nil
            let hold = isOwn ? PostgresStatement(Self.holdAttempt, [context.launch.attempt.rawValue]) : nil
            let results = try await run(bound, hold, connection, context)
            await connection.close()
            return TaskResult(output: try output(results, context))
        } catch {
            await connection.close()
            throw error
        }
    }

    private func connect(_ context: TaskContext) async throws -> PostgresConnection {
        let described: Connection
        var settings: PostgresSettings
        do {
            described = try connections.connection(connectionID)
            guard described.scheme == "postgresql" else {
                throw Arguments.failure(
                    "the connection \"\(connectionID)\" is \(described.scheme); only postgresql can run SQL here")
            }
            settings = try PostgresSettings(url: described.url)
        } catch let error as ConnectionError {
            throw Arguments.failure("\(error)")
        } catch let error as PostgresError {
            throw Arguments.failure("the connection \"\(connectionID)\": \(error)")
        }
        if let database { settings.database = database }
        // A new leader finds and ends the backends of lost attempts by this name.
        settings.applicationName = Self.applicationName(context.launch.attempt)
        context.log.info("connecting to \(described.masked)")
        let connection: PostgresConnection
        do {
            connection = try await PostgresConnection.connect(settings)
        } catch let error as PostgresError {
            throw TaskFailure("\(error)")
        }
        let log = context.log
        await connection.onNotice { notice in log.write(.info, "\(notice.severity): \(notice.message)") }
        return connection
    }

    /// `application_name` of the backends of an attempt.
    package static func applicationName(_ attempt: AttemptID) -> String { "cryptoflow attempt \(attempt)" }

    private typealias Bound = (sql: String, values: [any PostgresValue])

    private func run(
        _ bound: [Bound], _ hold: PostgresStatement?, _ connection: PostgresConnection, _ context: TaskContext
    ) async throws -> [PostgresJSONResult] {
        // The server notices within this time that we are gone, instead of finishing the statement first.
        let checks = connection.serverVersion.major >= 14
        if isAutocommit {
            if checks { try await connection.execute("SET client_connection_check_interval = '2s'") }
            return try await statements(bound, connection, context) {
                if let hold { try await self.hold(hold, connection) }
            }
        }
        do {
            return try await connection.withTransaction { transaction in
                if checks { try await transaction.execute("SET LOCAL client_connection_check_interval = '2s'") }
                let results = try await statements(bound, transaction, context) {}
                if let hold { try await self.hold(hold, transaction) }
                return results
            }
        } catch let error as PostgresError {
            throw TaskFailure("\(error)")
        }
    }

    private func hold(_ statement: PostgresStatement, _ session: some PostgresSession) async throws {
        do {
            try await session.query(statement, timeout: nil)
        } catch let error as PostgresError where error.kind == .server {
            throw TaskFailure(
                "nothing was committed, since this attempt may not go on: \(error.serverMessage ?? error.message)")
        }
    }

    private func statements(
        _ bound: [Bound], _ session: some PostgresSession, _ context: TaskContext, before: () async throws -> Void
    ) async throws -> [PostgresJSONResult] {
        var results: [PostgresJSONResult] = []
        for (index, statement) in bound.enumerated() {
            try await before()
            do {
                let isKept = keepsOutput && handler != .none && (!returnsLast || index == bound.count - 1)
                if isKept {
                    let result = try await session.json(
                        statement.sql, statement.values, rows: .arrays, maxBytes: TaskResult.maximumOutputBytes)
                    results.append(result)
                    context.log.info("\(place(index)): \(result.affectedRows) rows")
                } else {
                    let result = try await session.query(
                        PostgresStatement(statement.sql, statement.values, prepared: false), timeout: nil)
                    context.log.info("\(place(index)): \(result.affectedRows) rows")
                }
            } catch let error as PostgresError {
                throw failure(error, index, statement.sql)
            }
        }
        return results
    }

    private func failure(_ error: PostgresError, _ index: Int, _ sql: String) -> TaskFailure {
        if error.kind == .resultTooLarge {
            return TaskFailure(
                "\(place(index)): the result is larger than a task's output may be "
                    + "(\(TaskResult.maximumOutputBytes) bytes of JSON); write it into a table, or set do_xcom_push: false",
                isRetryable: false)
        }
        var line = statements[index].line
        if let position = error.position {
            // The server counts characters, and Swift would count a line break of two bytes as one.
            line += sql.unicodeScalars.prefix(position - 1).count { $0 == "\n" }
        }
        var plain = error
        plain.statementLabel = nil
        var text = "statement \(index + 1) of \(statements.count), line \(line): \(plain)"
        if error.sqlState == SQLState(rawValue: "42P18") {
            text += "; give the placeholder a type, as in %(name)s::text"
        } else if error.sqlState == SQLState(rawValue: "25001") {
            text += "; such a statement needs autocommit: true"
        }
        return TaskFailure(text, isRetryable: error.sqlState != .syntaxError)
    }

    private func place(_ index: Int) -> String {
        "statement \(index + 1) of \(statements.count), line \(statements[index].line)"
    }

    private func output(_ results: [PostgresJSONResult], _ context: TaskContext) throws -> JSONValue? {
        guard keepsOutput, handler != .none else { return nil }
        let values = try results.map { result -> JSONValue in
            // A statement that returns no rows has no result, which is not the same as no rows.
            guard !result.columns.isEmpty else { return .null }
            let rows = try SQLRows.output(result)
            return handler == .one ? rows.arrayValue?.first ?? .null : rows
        }
        let value = returnsLast ? values.last ?? .null : .array(values)
        if showsOutput { context.log.info("output: \(value.jsonText)") }
        // A plain nil would be JSON's null here, by its literal.
        return value == .null ? .none : value
    }
}
