import DAGModel
import Execution
import FoundationEssentials

/// Where an HTTP task sends its request.
struct HTTPTarget {
    let url: String
    /// From the connection's user and password.
    let authorization: String?

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
        var scheme = connection.scheme
        let rest = connection.url.dropFirst(scheme.count + 3).prefix { $0 != "?" && $0 != "#" }
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<end]
        var path = rest[end...]
        if path == "/http" || path == "/https" {
            scheme = String(path.dropFirst())
            path = ""
        }
        guard let at = authority.lastIndex(of: "@") else { return ("\(scheme)://\(authority)\(path)", nil) }
        let user = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .map { decoded($0) }
        let login = user.first ?? ""
        let password = user.count > 1 ? user[1] : ""
        return ("\(scheme)://\(authority[authority.index(after: at)...])\(path)", "\(login):\(password)")
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
