import DAGModel
import Execution

/// What an HTTP task sends: a query, or a body with its type.
struct HTTPContent {
    private(set) var body: [UInt8] = []
    /// The Content-Type when the headers name none.
    private(set) var type: String?
    private var query = ""

    init(_ data: JSONValue?, method: String, contentType: String?) throws {
        guard let data else { return }
        let isForm = contentType?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true
        switch data {
        case .string(let text):
            if ["GET", "HEAD"].contains(method) {
                query = text.hasPrefix("?") ? String(text.dropFirst()) : text
            } else {
                body = Array(text.utf8)
            }
        case .object(let members) where ["GET", "HEAD", "DELETE"].contains(method) || isForm:
            let text = try Self.form(members)
            if isForm && !["GET", "HEAD", "DELETE"].contains(method) {
                body = Array(text.utf8)
            } else {
                query = text
            }
        case .object, .array:
            guard !["GET", "HEAD"].contains(method) else {
                throw Arguments.failure(
                    "data must be a mapping or a string for \(method), found \(data.kindDescription)")
            }
            body = Array(data.jsonText.utf8)
            type = "application/json"
        default:
            throw Arguments.failure("data must be a string, a mapping or a list, found \(data.kindDescription)")
        }
    }

    /// The URL with the query, behind one that it may have already.
    func query(added url: String) -> String {
        guard !query.isEmpty else { return url }
        return url + (url.contains("?") ? "&" : "?") + query
    }

    /// `a=1&b=x%20y`; a list repeats its name, null leaves it out.
    private static func form(_ members: [String: JSONValue]) throws -> String {
        var items: [String] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            for element in value.arrayValue ?? [value] where element != .null {
                guard let text = Arguments.text(element) else {
                    throw Arguments.failure(
                        "data.\(name) must be a string or a number, found \(element.kindDescription)")
                }
                items.append(PercentEncoding.encoded(name) + "=" + PercentEncoding.encoded(text))
            }
        }
        return items.joined(separator: "&")
    }
}
