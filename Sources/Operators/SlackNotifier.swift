import DAGModel
import Execution
import HTTPClient
import Templates

/// Airflow's SlackWebhookNotifier: a message through an incoming webhook.
struct SlackNotifier: Notifier {
    private let arguments: Arguments
    private let url: String
    private let id: String
    private let client: HTTPClient

    /// Throws ``TaskFailure`` for an argument or a connection it cannot use.
    init(arguments values: [String: JSONValue], connections: Connections, client: HTTPClient) throws {
        arguments = try Arguments(values, .slackNotifier)
        self.client = client
        id = try arguments.string("slack_webhook_conn_id") ?? "slack_default"
        do {
            url = try Self.address(try connections.connection(id))
        } catch let error as ConnectionError {
            throw Arguments.failure("\(error)")
        }
    }

    /// Where the webhook is: the connection's URL as it is, or Airflow's form, which has the token (or the whole URL) as the
    /// password.
    private static func address(_ connection: Connection) throws -> String {
        let facts = ConnectionFacts(connection)
        let isWeb = connection.scheme == "http" || connection.scheme == "https"
        if isWeb, facts.password == nil { return connection.url }
        guard let token = facts.password ?? facts.extra["webhook_token"]?.stringValue, !token.isEmpty else {
            throw Arguments.failure(
                "the connection \"\(connection.id)\" has no webhook token: set its password to what follows "
                    + "https://hooks.slack.com/services/, or give the webhook's URL as the connection")
        }
        if token.hasPrefix("https://") || token.hasPrefix("http://") { return token }
        let host = facts.host ?? "hooks.slack.com"
        let port = facts.port.map { ":\($0)" } ?? ""
        return "\(isWeb ? connection.scheme : "https")://\(host)\(port)/\(facts.schema ?? "services")/\(token)"
    }

    func deliver(_ notice: Notice) async throws {
        var message: [String: JSONValue] = ["text": .string(try arguments.string("text") ?? notice.text)]
        for name in ["blocks", "attachments"] {
            guard let value = arguments[name] else { continue }
            message[name] = try Self.list(value, name)
        }
        for name in ["unfurl_links", "unfurl_media"] where arguments[name] != nil {
            message[name] = .bool(try arguments.bool(name, default: true))
        }
        try await client.deliver(
            HTTPRequest(
                .post, url: url,
                headers: ["Content-Type": "application/json; charset=utf-8", "X-Notification": notice.key],
                body: Array(JSONValue.object(message).jsonText.utf8),
                timeout: try arguments.duration("timeout") ?? .seconds(30), maximumResponseBytes: 100_000),
            to: "the Slack webhook of connection \"\(id)\"")
    }

    /// A list, or its JSON as a template gives it.
    private static func list(_ value: JSONValue, _ name: String) throws -> JSONValue {
        if value.arrayValue != nil { return value }
        if let text = value.stringValue, let parsed = try? JSONValue(parsing: text), parsed.arrayValue != nil {
            return parsed
        }
        throw Arguments.failure("the argument \"\(name)\" must be a list, found \(value.kindDescription)")
    }
}
