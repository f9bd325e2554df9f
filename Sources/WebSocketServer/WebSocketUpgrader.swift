import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Synchronization

/// What a connection's first request made of it.
enum UpgradeOutcome: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(UpgradedConnection)
    /// The request was answered; the connection closes.
    case rejected
}

/// The decision on a connection's first request, on its way between the handlers.
final class UpgradeAttempt: Sendable {
    struct Rejection: Sendable {
        let status: HTTPResponse.Status
        let fields: HTTPFields
        let body: String
    }

    struct Acceptance: Sendable {
        let request: HTTPRequest
        let handler: @Sendable (WebSocketConnection) async -> Void
    }

    private let state = Mutex<(rejection: Rejection?, acceptance: Acceptance?)>((nil, nil))

    var rejection: Rejection? { state.withLock { $0.rejection } }
    var acceptance: Acceptance? { state.withLock { $0.acceptance } }

    func reject(_ rejection: Rejection) { state.withLock { $0.rejection = rejection } }
    func accept(_ acceptance: Acceptance) { state.withLock { $0.acceptance = acceptance } }
}

/// Answers the handshake and turns the pipeline to frames.
///
/// NIO's own upgrader computes the answer; its pipeline is not used, because frames are sent encoded.
struct WebSocketUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    let attempt: UpgradeAttempt
    let settings: WebSocketServerSettings
    let shouldUpgrade: WebSocketServerChannel.ShouldUpgrade

    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []

    private struct NotUpgraded: Error {}

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest head: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        // The task ends with the decision; the channel awaits it before it reads on.
        channel.eventLoop.makeFutureWithTask { try await extraFields(head, channel: channel) }.flatMap { fields in
            let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
                shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(fields) },
                upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
            return upgrader.buildUpgradeResponse(
                channel: channel, upgradeRequest: head, initialResponseHeaders: initialResponseHeaders)
        }
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<UpgradeOutcome> {
        channel.eventLoop.makeCompletedFuture {
            guard let acceptance = attempt.acceptance else { throw NotUpgraded() }
            let state = ConnectionState()
            let operations = channel.pipeline.syncOperations
            FirstRequestHandler.remove(from: channel)
            let decoder = WebSocketFrameDecoder(maxFrameSize: min(settings.maxMessageBytes, Int(UInt32.max)))
            try operations.addHandler(ByteToMessageHandler(decoder))
            try operations.addHandler(WebSocketServerHandler(settings: settings, state: state))
            let messages = try NIOAsyncChannel<WebSocketServerMessage, Never>(wrappingChannelSynchronously: channel)
            return .webSocket(UpgradedConnection(messages: messages, acceptance: acceptance, state: state))
        }
    }

    /// The answer's extra fields, when the request is to be upgraded.
    private func extraFields(_ head: HTTPRequestHead, channel: any Channel) async throws -> HTTPHeaders {
        let request = try HTTPRequest(head, secure: false, splitCookie: false)
        switch await shouldUpgrade(request, channel) {
        case .refuse: throw NotUpgraded()
        case .reject(let status, let fields, let body):
            attempt.reject(.init(status: status, fields: fields, body: body))
            throw NotUpgraded()
        case .upgrade(let fields, let handler):
            if let problem = Self.problem(head) {
                attempt.reject(problem)
                throw NotUpgraded()
            }
            attempt.accept(.init(request: request, handler: handler))
            return HTTPHeaders(fields.map { ($0.name.canonicalName, $0.value) })
        }
    }

    /// What RFC 6455 §4.2.1 demands of the request and does not find in it.
    private static func problem(_ head: HTTPRequestHead) -> UpgradeAttempt.Rejection? {
        guard head.method == .GET, head.version == .http1_1 else {
            return .init(
                status: .badRequest, fields: [:], body: "a WebSocket is asked for with GET and HTTP/1.1\n")
        }
        guard head.headers["sec-websocket-version"] == ["13"] else {
            var fields = HTTPFields()
            if let name = HTTPField.Name("Sec-WebSocket-Version") { fields[name] = "13" }
            return .init(status: .upgradeRequired, fields: fields, body: "only version 13 is spoken here\n")
        }
        let keys = head.headers["sec-websocket-key"]
        // 16 bytes in base64.
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24, key.hasSuffix("==") else {
            return .init(
                status: .badRequest, fields: [:], body: "Sec-WebSocket-Key is 16 bytes in base64, exactly once\n")
        }
        return nil
    }
}

/// Stands at the end of the pipeline until a connection's first request is decided on.
///
/// It ends the connection when the server stops meanwhile, and answers what is no HTTP.
final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is HTTPParserError:
            let head = HTTPResponseHead(
                version: .http1_1, status: .badRequest, headers: ["connection": "close", "content-length": "0"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated()
                .whenComplete { _ in context.close(promise: nil) }
        case is IOError: context.close(promise: nil)
        // A refused upgrade is no error here: the request goes on as an ordinary one.
        default: break
        }
    }

    static func remove(from channel: any Channel) {
        let operations = channel.pipeline.syncOperations
        guard let handler = try? operations.handler(type: FirstRequestHandler.self) else { return }
        operations.removeHandler(handler, promise: nil)
    }
}
