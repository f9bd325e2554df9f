extension PostgresError {
    /// The error for a connection that could not be opened: where, why, what to do.
    ///
    /// - Parameter message: libpq's text at its verbose setting, which holds the SQLSTATE as `FATAL:  28P01: …`.
    static func connecting(to settings: PostgresSettings, message: String) -> PostgresError {
        var lines = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
        lines.removeAll { $0.hasPrefix("LOCATION:") || $0.isEmpty }
        var reason = lines.first.map(String.init) ?? "no reason given"
        // connection to server at "db" (10.0.0.5), port 5432 failed: …
        if let failed = reason.firstRange(of: "failed: ") { reason = String(reason[failed.upperBound...]) }
        var state: SQLState?
        if let fatal = reason.firstRange(of: "FATAL:") {
            var rest = reason[fatal.upperBound...].drop(while: \.isWhitespace)
            let code = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber) }
            if code.count == 5, rest.dropFirst(5).first == ":" {
                state = SQLState(rawValue: String(code))
                rest = rest.dropFirst(6).drop(while: \.isWhitespace)
            }
            reason = String(rest)
        }
        var error = PostgresError(
            .connectionFailed,
            "cannot connect to PostgreSQL at \(settings.redactedDescription): \(reason). \(advice(state, reason))",
            sqlState: state)
        error.serverMessage = reason
        return error
    }

    /// The error for a connection that was not open when its time was over.
    static func connectTimeout(_ settings: PostgresSettings) -> PostgresError {
        PostgresError(
            .connectionFailed,
            "cannot connect to PostgreSQL at \(settings.redactedDescription): no answer within "
                + "\(settings.connectTimeout). Check the host and the port, and that no firewall drops the packets")
    }

    private static func advice(_ state: SQLState?, _ reason: String) -> String {
        switch state {
        case .undefinedDatabase: return "Create the database (createdb), or correct its name"
        case .tooManyConnections: return "Lower the pool sizes, or raise max_connections on the server"
        case .cannotConnectNow: return "The server is starting or stopping; try again in a moment"
        case let state? where state.classCode == "28":
            return "Check the user and the password, and the server's pg_hba.conf"
        case let state? where state.classCode == "42" || state.classCode == "22":
            return "Check the session settings that the connection asks for"
        case .some: return "See the server's log"
        case nil: break
        }
        if reason.contains("translate host name") { return "Check the host name" }
        if reason.contains("no password supplied") { return "Give a password in the URL, in PGPASSWORD or in .pgpass" }
        return "Check that the server runs there and accepts connections"
    }
}
