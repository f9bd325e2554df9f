import CLibPQ

extension PostgresError {
    /// The error that a failed result reports.
    init(_ result: ResultHandle, sql: String?) {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result.raw, code).map { String(cString: $0) }
        }
        let state = field(CLibPQ_sqlState()).map(SQLState.init(rawValue:))
        let words = field(CLibPQ_primaryMessage()) ?? String(cString: PQresultErrorMessage(result.raw)).trimmedLines
        let severity = field(CLibPQ_severity())
        let isLost = state == nil || state?.endsConnection == true || severity == "FATAL" || severity == "PANIC"
        self.init(isLost ? .connectionLost : .server, Self.withoutValues(words, state), sqlState: state)
        if isLost { message = "the connection to PostgreSQL was lost: \(message)" }
        self.severity = severity
        serverMessage = words
        detail = field(CLibPQ_detail())
        hint = field(CLibPQ_hint())
        context = field(CLibPQ_context())
        schemaName = field(CLibPQ_schemaName())
        tableName = field(CLibPQ_tableName())
        columnName = field(CLibPQ_columnName())
        constraintName = field(CLibPQ_constraintName())
        position = field(CLibPQ_statementPosition()).flatMap(Int.init)
        statementLabel = sql.map(Self.label)
    }

    /// Whether a prepared statement has to be prepared anew, and if so, whether the server still knows the old one.
    ///
    /// It is gone after DISCARD ALL; it is refused when a table below it changed its columns.
    static func stalePlan(_ result: ResultHandle) -> Bool? {
        let state = PQresultErrorField(result.raw, CLibPQ_sqlState()).map { SQLState(rawValue: String(cString: $0)) }
        if state == .invalidStatementName { return false }
        guard state == .featureNotSupported, let function = PQresultErrorField(result.raw, CLibPQ_sourceFunction()),
            String(cString: function) == "RevalidateCachedQuery"
        else { return nil }
        return true
    }
}

extension String {
    /// The lines of one of libpq's own messages joined to one sentence, without the final line feed.
    var trimmedLines: String {
        split(whereSeparator: \.isNewline)
            .map { line in String(line.drop(while: \.isWhitespace)) }
            .filter { !$0.isEmpty }
            .joined(separator: "; ")
    }
}
