import DAGModel
package import Execution
package import HTTPClient

/// Adds the ready-made notifiers: Slack, webhook, e-mail.
package func registerNotifiers(into registry: inout NotifierRegistry, connections: Connections, http: HTTPClient) {
    registry.register(.slackNotifier) { try SlackNotifier(arguments: $0, connections: connections, client: http) }
    registry.register(.webhookNotifier) { try WebhookNotifier(arguments: $0, connections: connections, client: http) }
    registry.register(.emailNotifier) { try EmailNotifier(arguments: $0, connections: connections, client: http) }
}

extension HTTPClient {
    /// Sends a notice's request.
    ///
    /// Throws ``TaskFailure`` naming `receiver`, never the address, which may be a secret; another try is worth it unless
    /// the receiver says that the request itself is wrong.
    func deliver(_ request: HTTPRequest, to receiver: String) async throws {
        let response: HTTPResponse
        do {
            response = try await send(request)
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            throw TaskFailure(
                "\(receiver): \(error.reason)" + (error.advice.isEmpty ? "" : "; \(error.advice)"),
                isRetryable: error.isRetryable)
        }
        guard !(200..<300).contains(response.status) else { return }
        let excerpt = ResponseCheck.excerpt(response)
        throw TaskFailure(
            "\(receiver) answered \(response.status): \(excerpt)",
            isRetryable: response.status >= 500 || [408, 425, 429].contains(response.status))
    }
}
