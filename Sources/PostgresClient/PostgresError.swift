/// What went wrong between this program and PostgreSQL.
///
/// `description` is safe to log and to show: it has the server's message, the SQLSTATE and the start of the SQL text, but
/// no parameter values, no data of rows and no password. The server's own words that may quote data are kept apart
/// in ``serverMessage``, ``detail`` and ``context``.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// Kinds that a caller may react to.
    ///
    /// More may be added; match with `==` and keep a default.
    package struct Kind: Sendable, Hashable {
        private enum Value {
            case settings, connectionFailed, connectionLost, server, timedOut, acquireTimedOut, closed, decoding
            case resultTooLarge, commitUnknown, rolledBack, misuse, migration
        }
        private let value: Value

        /// The address or the settings cannot be understood.
        package static let settings = Self(value: .settings)
        /// No connection could be opened.
        package static let connectionFailed = Self(value: .connectionFailed)
        /// An open connection ended.
        package static let connectionLost = Self(value: .connectionLost)
        /// The server refused a statement; ``PostgresError/sqlState`` says why.
        package static let server = Self(value: .server)
        /// The statement took longer than its time limit and was cancelled.
        package static let timedOut = Self(value: .timedOut)
        /// No connection of the pool became free in time.
        package static let acquireTimedOut = Self(value: .acquireTimedOut)
        /// The connection or the pool has been closed by this program.
        package static let closed = Self(value: .closed)
        /// A field is not of the expected type, or a column does not exist.
        package static let decoding = Self(value: .decoding)
        /// The result is larger than the caller allowed.
        package static let resultTooLarge = Self(value: .resultTooLarge)
        /// The connection ended during COMMIT: the transaction may or may not be durable.
        package static let commitUnknown = Self(value: .commitUnknown)
        /// COMMIT was answered with a rollback, because a statement of the transaction had failed.
        package static let rolledBack = Self(value: .rolledBack)
        /// The client was used in a way it does not support.
        package static let misuse = Self(value: .misuse)
        /// A migration cannot be applied, or files and database do not belong together.
        package static let migration = Self(value: .migration)
    }

    package var kind: Kind
    /// A sentence for people, without values.
    package var message: String
    /// The server's code; nil when the error did not come from the server.
    package var sqlState: SQLState?
    /// `ERROR`, `FATAL` or `PANIC`; nil when the error did not come from the server.
    package var severity: String?
    /// The server's message as it came.
    ///
    /// It may quote a value. Not part of `description`.
    package var serverMessage: String?
    /// The server's detail: for a violated key it contains the key's values.
    ///
    /// Not part of `description`.
    package var detail: String?
    /// The server's hint.
    package var hint: String?
    /// Where the error arose inside functions, or which line of COPY.
    ///
    /// It may quote data. Not part of `description`.
    package var context: String?
    /// What a violated constraint belongs to, as far as the server says.
    package var schemaName: String?
    package var tableName: String?
    package var columnName: String?
    package var constraintName: String?
    /// Where in the SQL text the error is: the character's number, from 1.
    package var position: Int?
    /// The start of the SQL text, on one line.
    package var statementLabel: String?
    /// Which statement of a pipeline or a script failed, from 0.
    package var statementIndex: Int?

    package init(_ kind: Kind, _ message: String, sqlState: SQLState? = nil) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
    }

    /// The connection is gone (or could not be had); another one may work.
    package var isConnectionLost: Bool {
        kind == .connectionLost || kind == .connectionFailed || kind == .commitUnknown
            || sqlState?.endsConnection == true
    }

    /// Trying again may help: a lost connection, a serialization failure, a deadlock, a lack of resources.
    ///
    /// After ``Kind/commitUnknown`` only work that may run twice should be tried again, so that kind is not transient.
    package var isTransient: Bool {
        if kind == .commitUnknown { return false }
        if kind == .connectionLost || kind == .acquireTimedOut { return true }
        guard let sqlState else { return kind == .connectionFailed }
        return sqlState.isTransient
    }

    package var isUniqueViolation: Bool { sqlState == .uniqueViolation }
    package var isForeignKeyViolation: Bool { sqlState == .foreignKeyViolation }

    package var description: String {
        var text = message
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        // Hints to wrong SQL speak of names and types; those raised by functions could quote data.
        if let hint, sqlState?.classCode == "42" {
            text += ". " + (hint.hasSuffix(".") ? hint.dropLast() : hint[...])
        }
        if let statementLabel {
            let which = statementIndex.map { " \($0 + 1)" } ?? ""
            text += " in statement\(which): \(statementLabel)"
        }
        return text
    }
}

extension PostgresError {
    /// The first 80 characters of SQL text with runs of white space made one space.
    static func label(_ sql: String) -> String {
        let limit = 80
        var text = ""
        var count = 0
        var pendingSpace = false
        for character in sql {
            if character.isWhitespace {
                pendingSpace = count > 0
                continue
            }
            if count >= limit { return text + "…" }
            if pendingSpace {
                text.append(" ")
                count += 1
                pendingSpace = false
            }
            text.append(character)
            count += 1
        }
        return text
    }

    /// The server's message without what it quotes, where that may be data.
    ///
    /// Class 22 (data exceptions) quotes the offending value: `invalid input syntax for type integer: "abc"`. A value can
    /// contain quotation marks itself, so everything from the first to the last one goes.
    static func withoutValues(_ message: String, _ state: SQLState?) -> String {
        guard state?.classCode == "22" else { return message }
        let marks: Set<Character> = ["\"", "«", "»", "“", "”", "„", "'"]
        guard let first = message.firstIndex(where: marks.contains), let last = message.lastIndex(where: marks.contains)
        else { return message }
        return message.replacingCharacters(first...last, with: "“…”")
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: ClosedRange<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
