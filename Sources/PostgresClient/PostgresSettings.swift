import CLibPQ

/// How to reach a database and what a session starts with.
package struct PostgresSettings: Sendable, Hashable {
    /// A host name, an address, or the absolute path of the directory of a Unix socket.
    ///
    /// Nil leaves it to libpq (`PGHOST`, then the socket directory it was built with).
    package var host: String?
    /// Nil leaves it to libpq (`PGPORT`, then 5432).
    package var port: Int?
    package var user: String?
    package var password: String?
    package var database: String?
    /// Shown in `pg_stat_activity`; backends are found and ended by it.
    package var applicationName: String
    /// How long opening a connection may take, all addresses of the host together.
    ///
    /// 10 seconds by default.
    package var connectTimeout: Duration
    /// Further parameters of libpq by their keywords, such as `sslmode`.
    package var options: [String: String]
    /// Server settings of each session, such as `search_path`, `statement_timeout` or planner settings.
    ///
    /// They are the session's defaults: `RESET` returns to them. A wrong name fails the connection.
    package var session: [String: String]

    package init(
        host: String? = nil, port: Int? = nil, user: String? = nil, password: String? = nil, database: String? = nil,
        applicationName: String = "cryptoflow", connectTimeout: Duration = .seconds(10),
        options: [String: String] = [:], session: [String: String] = [:]
    ) {
        (self.host, self.port, self.user, self.password, self.database) = (host, port, user, password, database)
        (self.applicationName, self.connectTimeout) = (applicationName, connectTimeout)
        (self.options, self.session) = (options, session)
    }

    /// Settings from a URL: `postgresql://user:password@host:port/database?host=/socket/dir&application_name=…`.
    ///
    /// libpq's `host=… dbname=…` form is read too. `connect_timeout` is in seconds.
    ///
    /// - Throws: ``PostgresError`` of kind `settings`. Its text never repeats the URL, which may hold a password.
    package init(url: String) throws(PostgresError) {
        self.init()
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") || url.contains("=") else {
            throw Self.invalid("it must begin with postgresql://")
        }
        var failure: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(url, &failure) else {
            let text = failure.map { String(cString: $0) } ?? ""
            PQfreemem(failure)
            throw Self.invalid(Self.reason(from: text))
        }
        defer { PQconninfoFree(parsed) }
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                try set(String(cString: keyword), to: String(cString: value))
            }
            option += 1
        }
    }

    private mutating func set(_ keyword: String, to value: String) throws(PostgresError) {
        switch keyword {
        case "host": host = value
        case "port":
            guard let number = Int(value), (1...65535).contains(number) else {
                throw Self.invalid("the port must be a number from 1 to 65535")
            }
            port = number
        case "user": user = value
        case "password": password = value
        case "dbname": database = value
        case "application_name": applicationName = value
        case "connect_timeout":
            guard let seconds = Int(value), seconds > 0 else {
                throw Self.invalid("connect_timeout must be a positive number of seconds")
            }
            connectTimeout = .seconds(seconds)
        default: options[keyword] = value
        }
    }

    private static func invalid(_ reason: String) -> PostgresError {
        PostgresError(
            .settings,
            "the database URL cannot be read: \(reason). Expected postgresql://user@host:port/database?option=value")
    }

    /// What libpq says, as far as it cannot contain the URL itself.
    private static func reason(from message: String) -> String {
        let harmless = ["invalid URI query parameter: ", "invalid connection option "]
        guard let prefix = harmless.first(where: message.hasPrefix) else {
            return "it is malformed (a “@”, “:”, “/” or “%” in a user name or password must be percent-encoded)"
        }
        let name = message.dropFirst(prefix.count).filter { $0.isLetter || $0 == "_" }
        return "the option “\(name)” is not known"
    }

    /// Where the settings lead, without the password: `user@host:port/database`.
    package var redactedDescription: String {
        var text = user.map { $0 + "@" } ?? ""
        if let host, host.hasPrefix("/") {
            text += "[socket \(host)]"
        } else {
            text += host ?? "[default host]"
        }
        if let port { text += ":\(port)" }
        return text + "/" + (database ?? user ?? "[default database]")
    }

    /// Whether the server is on this machine: behind a Unix socket or a loopback address.
    package var isLocal: Bool {
        guard let host, !host.isEmpty else { return true }
        return host.split(separator: ",").allSatisfy {
            $0.hasPrefix("/") || $0 == "localhost" || $0 == "::1" || $0.hasPrefix("127.")
        }
    }

    /// The parameters for `PQconnectStartParams`.
    var connectionParameters: [(keyword: String, value: String)] {
        var parameters = options.filter { $0.key != "options" && $0.key != "client_encoding" }
        parameters["host"] = host
        parameters["port"] = port.map(String.init)
        parameters["user"] = user
        parameters["password"] = password
        parameters["dbname"] = database
        parameters["application_name"] = applicationName
        parameters["client_encoding"] = "UTF8"
        // A peer that vanished without a word is noticed after a minute, not after two hours.
        for (keyword, value) in ["keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"]
        where parameters[keyword] == nil {
            parameters[keyword] = value
        }
        // Results are read as ISO dates in UTC and numbers that survive a round trip, whatever the server's defaults.
        var settings = [
            "TimeZone": "UTC", "DateStyle": "ISO, YMD", "extra_float_digits": "1", "IntervalStyle": "postgres",
        ]
        settings.merge(session) { $1 }
        let flags = settings.sorted { $0.key < $1.key }.map { "-c \(Self.escaped("\($0.key)=\($0.value)"))" }
        parameters["options"] = ([options["options"] ?? ""] + flags).filter { !$0.isEmpty }.joined(separator: " ")
        return parameters.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// The `options` keyword separates at white space, and a backslash takes the next character literally.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if character == "\\" || character.isWhitespace { result.append("\\") }
            result.append(character)
        }
        return result
    }
}

extension PostgresSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { redactedDescription }
    package var debugDescription: String { redactedDescription }
    /// `dump` and failed test expectations would show the password otherwise.
    package var customMirror: Mirror { Mirror(self, children: ["address": redactedDescription]) }
}
