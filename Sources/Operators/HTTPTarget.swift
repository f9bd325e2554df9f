import DAGModel
import Execution
import FoundationEssentials

/// Where an HTTP task sends its request.
struct HTTPTarget {
    let url: String
    /// From the connection's user and password.
    let authorization: String?

    /// Neither names the connection's own address.
    static let places = OperatorSignature.Alternatives(["url", "endpoint"], exclusive: true)

    init(_ arguments: Arguments, _ connections: Connections) throws {
        let given = try arguments.string("url") ?? arguments.string("endpoint")
        let id = try arguments.string("http_conn_id")
        if id == nil, let given, given.hasPrefix("http://") || given.hasPrefix("https://") {
            url = given
            authorization = nil
            return
        }
        let connection: Connection
        do {
            connection = try connections.connection(id ?? "http_default")
        } catch {
            throw Arguments.failure(id == nil ? "\(error); or give a whole URL as endpoint" : "\(error)")
        }
        guard connection.scheme == "http" || connection.scheme == "https" else {
            throw Arguments.failure("the connection \"\(connection.id)\" is \(connection.scheme), not http or https")
        }
        let (base, user) = Self.withoutUser(connection)
        authorization = user.map { "Basic " + Data($0.utf8).base64EncodedString() }
        guard let given, !given.isEmpty else {
            url = base
            return
        }
        if given.hasPrefix("http://") || given.hasPrefix("https://") {
            url = given
        } else {
            url = (base.hasSuffix("/") ? String(base.dropLast()) : base) + (given.hasPrefix("/") ? "" : "/") + given
        }
    }

    /// The address without `user:password@`, and that part decoded.
    ///
    /// Airflow's URLs name the real scheme as the path (`http://host/https`), and options behind a question mark are
    /// not part of an address.
    private static func withoutUser(_ connection: Connection) -> (String, String?) {
        let address = connection.address
        let isScheme = address.path == "/http" || address.path == "/https"
        let scheme = isScheme ? String(address.path.dropFirst()) : connection.scheme
        let user = address.login.map { login in
            "\(PercentEncoding.decoded(login)):\(address.password.map { PercentEncoding.decoded($0) } ?? "")"
        }
        return ("\(scheme)://\(address.place)\(isScheme ? "" : address.path)", user)
    }
}
