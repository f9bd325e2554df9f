import DAGModel

/// Resolves `conn_id`: `CRYPTOFLOW_CONN_<ID>` first, then `AIRFLOW_CONN_<ID>`, then those built into the program.
package struct Connections: Sendable {
    private let environment: [String: String]
    private let builtIn: [String: String]

    /// `builtIn` are URLs by id, such as the project's own database under `warehouse`.
    package init(environment: [String: String], builtIn: [String: String] = [:]) {
        self.environment = environment.filter { Self.prefixes.contains(where: $0.key.hasPrefix) }
        self.builtIn = builtIn
    }

    /// With the project's own database under `warehouse`, unless the environment puts another there.
    package init(environment: [String: String], warehouseURL: String?) {
        self.init(environment: environment, builtIn: warehouseURL.map { ["warehouse": $0] } ?? [:])
    }

    private static let prefixes = ["CRYPTOFLOW_CONN_", "AIRFLOW_CONN_"]

    /// The connection of an id.
    ///
    /// Throws ``ConnectionError`` for an unknown id, naming the known ones, and for a value that cannot be read.
    package func connection(_ id: String) throws(ConnectionError) -> Connection {
        for prefix in Self.prefixes {
            let name = prefix + id.uppercased()
            guard let text = environment[name], !text.isEmpty else { continue }
            if text.drop(while: \.isWhitespace).hasPrefix("{") { return try parse(json: text, id: id, name: name) }
            return try Connection(id: id, url: text)
        }
        if let url = builtIn[id] { return try Connection(id: id, url: url) }
        let known = knownIDs
        let list = known.isEmpty ? "none is defined" : "known: " + known.joined(separator: ", ")
        let nearest = NearestName.of(id, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
        throw ConnectionError(
            "there is no connection \"\(id)\" (\(list)\(nearest)); set CRYPTOFLOW_CONN_\(id.uppercased()) to its URL")
    }

    /// Whether the id means the program's own connection, not one that the environment put in its place.
    package func isBuiltIn(_ id: String) -> Bool {
        builtIn[id] != nil && !Self.prefixes.contains { !(environment[$0 + id.uppercased()] ?? "").isEmpty }
    }

    /// Every known id, sorted; those from the environment in lower case.
    package var knownIDs: [String] {
        let named = environment.keys.compactMap { name -> String? in
            Self.prefixes.first(where: name.hasPrefix).map { name.dropFirst($0.count).lowercased() }
        }
        return Set(named).union(builtIn.keys).sorted()
    }

    /// Passwords of all connections, and options whose names say that they are secret, decoded and as written.
    ///
    /// Of a connection that cannot be read nothing is known, and nothing can be handed out.
    var secrets: [String] {
        var found: [String] = []
        for id in knownIDs {
            if let address = try? connection(id).address {
                let written = address.options.filter { SecretName.matches($0.name) }.map(\.value)
                for text in written + (address.password.map { [$0] } ?? []) {
                    found += [String(text), PercentEncoding.decoded(text)]
                }
            }
        }
        // JSON may hold more than an address can say.
        let texts = environment.filter { name, _ in Self.prefixes.contains(where: name.hasPrefix) }.values
        for case let value? in texts.map({ try? JSONValue(parsing: $0) }) {
            found += SecretName.texts(in: value)
            if let extra = value["extra"]?.stringValue, let members = try? JSONValue(parsing: extra) {
                found += SecretName.texts(in: members)
            }
        }
        return found
    }

    /// Airflow's JSON form: conn_type, host, login, password, port, schema, extra.
    private func parse(json text: String, id: String, name: String) throws(ConnectionError) -> Connection {
        guard let value = try? JSONValue(parsing: text), let type = value["conn_type"]?.stringValue, !type.isEmpty
        else {
            throw ConnectionError("\(name) is neither a URL nor a JSON object with \"conn_type\"")
        }
        var host = value["host"]?.stringValue ?? ""
        var scheme = type
        // Airflow's http connections may carry the scheme in the host or in `schema`.
        if let end = host.firstRange(of: "://") {
            scheme = String(host[..<end.lowerBound])
            host = String(host[end.upperBound...])
        } else if type == "http", let schema = value["schema"]?.stringValue, !schema.isEmpty {
            scheme = schema
        }
        var url = scheme + "://"
        let login = value["login"]?.stringValue ?? ""
        let password = value["password"]?.stringValue
        if !login.isEmpty || password?.isEmpty == false {
            url += PercentEncoding.encoded(login)
            if let password { url += ":" + PercentEncoding.encoded(password) }
            url += "@"
        }
        url += host
        if let port = value["port"]?.intValue { url += ":\(port)" }
        if type != "http", let schema = value["schema"]?.stringValue { url += "/" + PercentEncoding.encoded(schema) }
        var extra = value["extra"]
        if let text = extra?.stringValue { extra = try? JSONValue(parsing: text) }
        if type != "http", let members = extra?.objectValue, !members.isEmpty {
            let items = members.sorted { $0.key < $1.key }.compactMap { key, value -> String? in
                var text = value.stringValue ?? value.intValue.map { String($0) }
                if case .bool(let flag) = value { text = String(flag) }
                return text.map { PercentEncoding.encoded(key) + "=" + PercentEncoding.encoded($0) }
            }
            if !items.isEmpty { url += "?" + items.joined(separator: "&") }
        }
        return try Connection(id: id, url: url)
    }
}
