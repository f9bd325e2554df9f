/// Where something outside is reached: Airflow's connection.
package struct Connection: Sendable, Hashable {
    /// Airflow's `conn_id`.
    package let id: String
    /// Such as `postgresql`, `https`; lower-case.
    ///
    /// Airflow's `postgres` is given as `postgresql`.
    package let scheme: String
    /// The whole address, passwords included: never to be shown.
    package let url: String

    /// Throws ``ConnectionError`` when the text is no URL with a scheme.
    package init(id: String, url: String) throws(ConnectionError) {
        guard let end = url.firstRange(of: "://"), end.lowerBound > url.startIndex else {
            throw ConnectionError(
                "the connection \"\(id)\" is not a URL: expected a text such as postgresql://user@host:5432/database")
        }
        let scheme = url[..<end.lowerBound].lowercased()
        // Python's dialect suffixes mean nothing here: postgresql+psycopg2.
        let plain = scheme.prefix { $0 != "+" }
        self.id = id
        self.scheme = plain == "postgres" ? "postgresql" : String(plain)
        self.url = self.scheme + url[end.lowerBound...]
    }

    package var address: ConnectionAddress { ConnectionAddress(self) }

    /// The address as it may be shown: user, host, port and path; everything secret left out.
    package var masked: String {
        let address = address
        let user = address.login.map { "\($0)\(address.password == nil ? "" : ":***")@" } ?? ""
        return "\(scheme)://\(user)\(address.place)\(address.path)"
    }
}

/// Why a connection cannot be used.
///
/// Never holds the address itself.
package struct ConnectionError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
