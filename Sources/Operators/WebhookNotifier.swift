import DAGModel
import Execution
import HTTPClient

/// A request to any server: what happened as JSON, or data of one's own.
struct WebhookNotifier: Notifier {
    private let arguments: Arguments
    private let target: HTTPTarget
    private let receiver: String
    private let client: HTTPClient

    /// Throws ``TaskFailure`` for an argument or a connection it cannot use.
    init(arguments values: [String: JSONValue], connections: Connections, client: HTTPClient) throws {
        arguments = try Arguments(values, .webhookNotifier)
        self.client = client
        target = try HTTPTarget(arguments, connections)
        // A webhook's path is often its secret.
        let host = target.url.split(separator: "/", maxSplits: 2).dropFirst().first.map(String.init) ?? ""
        receiver = "the webhook at \(MaskedURL.mask("http://" + host).dropFirst(7))"
    }

    func deliver(_ notice: Notice) async throws {
        let method = (try arguments.string("method") ?? "POST").uppercased()
        guard ["POST", "PUT", "PATCH"].contains(method) else {
            throw Arguments.failure("method must be POST, PUT or PATCH, found \"\(method)\"")
        }
        var headers = try arguments.texts("headers") ?? [:]
        func has(_ name: String) -> Bool { headers.keys.contains { $0.lowercased() == name } }
        let content = try HTTPContent(
            arguments["data"] ?? notice.json, method: method,
            contentType: headers.first { $0.key.lowercased() == "content-type" }?.value)
        if let authorization = target.authorization, !has("authorization") { headers["Authorization"] = authorization }
        if let type = content.type, !has("content-type") { headers["Content-Type"] = type }
        headers["X-Notification"] = notice.key
        try await client.deliver(
            HTTPRequest(
                HTTPRequest.Method(rawValue: method), url: content.query(added: target.url),
                headers: HTTPHeaders(headers.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }),
                body: content.body, timeout: try arguments.duration("timeout") ?? .seconds(30),
                maximumResponseBytes: 1_000_000),
            to: receiver)
    }
}
