import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOWebSocket
import WebSocketProtocol

/// What a connection's first request made of it.
enum UpgradeOutcome: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(UpgradedConnection)
}

/// Answers the handshake that the gate has let through, and turns the pipeline to frames.
///
/// NIO's own upgrader computes the answer; its pipeline is not used, because frames are sent encoded.
struct WebSocketUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    let gate: FirstRequestGate.Verdict
    let settings: WebSocketServerSettings

    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []

    private struct NotAccepted: Error {}

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest head: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let fields = gate.acceptance.map { HTTPHeaders($0.fields.map { ($0.name.canonicalName, $0.value) }) }
        let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(fields) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        return upgrader.buildUpgradeResponse(
            channel: channel, upgradeRequest: head, initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<UpgradeOutcome> {
        channel.eventLoop.makeCompletedFuture {
            guard let acceptance = gate.acceptance else { throw NotAccepted() }
            let state = ConnectionState()
            let operations = channel.pipeline.syncOperations
            FirstRequestGuard.removeFirstRequestHandlers(from: channel)
            let decoder = WebSocketFrameDecoder(maxFrameSize: min(settings.maxMessageBytes, Int(UInt32.max)))
            try operations.addHandler(ByteToMessageHandler(decoder))
            try operations.addHandler(WebSocketServerHandler(settings: settings, state: state))
            let messages = try NIOAsyncChannel<WebSocketMessage, Never>(wrappingChannelSynchronously: channel)
            return .webSocket(UpgradedConnection(messages: messages, acceptance: acceptance, state: state))
        }
    }
}
