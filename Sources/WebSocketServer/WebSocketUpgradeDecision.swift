package import HTTPTypes

/// What becomes of a request for a WebSocket.
package enum WebSocketUpgradeDecision: Sendable {
    /// It is treated like any other request: the HTTP responder answers it.
    case refuse
    /// It is answered with this, and the connection closes.
    case reject(HTTPResponse.Status, HTTPFields, body: String)
    /// It becomes a WebSocket: the fields are added to the answer, the handler runs on the connection.
    case upgrade(HTTPFields, handler: @Sendable (WebSocketConnection) async -> Void)
}
