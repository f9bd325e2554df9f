import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Synchronization

/// Decides on a connection's first request before NIO's upgrade handler sees it.
///
/// That handler drops a request which asks for an upgrade and does not get it, and with it the answer; so only requests
/// that will be upgraded reach it with their `Upgrade` field. The gate stands between it and the HTTP decoder.
final class FirstRequestGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    struct Acceptance: Sendable {
        let request: HTTPRequest
        let fields: HTTPFields
        let handler: @Sendable (WebSocketConnection) async -> Void
    }

    /// The decision for an upgrade, where the upgrader finds it.
    final class Verdict: Sendable {
        private let state = Mutex<Acceptance?>(nil)
        var acceptance: Acceptance? { state.withLock { $0 } }
        func accept(_ acceptance: Acceptance) { state.withLock { $0 = acceptance } }
    }

    private enum Phase {
        case waiting
        /// The parts that came while the decision is awaited.
        case deciding([HTTPServerRequestPart])
        /// Everything passes.
        case open
        /// The request was answered here; the rest is dropped.
        case answered
    }

    private let verdict: Verdict
    private let shouldUpgrade: WebSocketServerChannel.ShouldUpgrade
    private var phase = Phase.waiting

    /// A request for a WebSocket has no body; parts beyond these are somebody's attempt to fill the memory.
    private static let maxParts = 16

    init(verdict: Verdict, shouldUpgrade: @escaping WebSocketServerChannel.ShouldUpgrade) {
        self.verdict = verdict
        self.shouldUpgrade = shouldUpgrade
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .open: context.fireChannelRead(data)
        case .answered: break
        case .deciding(var parts):
            parts.append(unwrapInboundIn(data))
            phase = .deciding(parts)
            if parts.count > Self.maxParts { context.close(promise: nil) }
        case .waiting:
            let part = unwrapInboundIn(data)
            guard case .head(let head) = part, Self.asksForWebSocket(head),
                let request = try? HTTPRequest(head, secure: false, splitCookie: false)
            else {
                phase = .open
                context.fireChannelRead(wrapInboundOut(Self.withoutUpgrade(part)))
                return
            }
            phase = .deciding([part])
            decide(request, head: head, context: context)
        }
    }

    private func decide(_ request: HTTPRequest, head: HTTPRequestHead, context: ChannelHandlerContext) {
        let channel = context.channel
        // The task ends with the decision; the channel awaits it before it hands anything on.
        channel.eventLoop.makeFutureWithTask { [shouldUpgrade] in await shouldUpgrade(request, channel) }
            .assumeIsolated()
            .whenSuccess { decision in
                guard case .deciding(var parts) = self.phase else { return }
                switch decision {
                case .reject(let status, let fields, let body):
                    self.answer(status, fields: fields, body: body, context: context)
                    return
                case .upgrade(let fields, let handler):
                    if let problem = Self.problem(head) {
                        self.answer(problem.status, fields: problem.fields, body: problem.body, context: context)
                        return
                    }
                    self.verdict.accept(.init(request: request, fields: fields, handler: handler))
                case .refuse: parts[0] = Self.withoutUpgrade(parts[0])
                }
                self.phase = .open
                for part in parts { context.fireChannelRead(self.wrapInboundOut(part)) }
                context.fireChannelReadComplete()
            }
    }

    private func answer(
        _ status: HTTPResponse.Status, fields: HTTPFields, body: String, context: ChannelHandlerContext
    ) {
        phase = .answered
        var head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: status.code, reasonPhrase: status.reasonPhrase))
        for field in fields { head.headers.add(name: field.name.canonicalName, value: field.value) }
        head.headers.replaceOrAdd(name: "content-length", value: "\(body.utf8.count)")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated()
            .whenComplete { _ in context.close(promise: nil) }
    }

    private static func asksForWebSocket(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    private static func withoutUpgrade(_ part: HTTPServerRequestPart) -> HTTPServerRequestPart {
        guard case .head(var head) = part else { return part }
        head.headers.remove(name: "upgrade")
        return .head(head)
    }

    /// What RFC 6455 §4.2.1 demands of the request and does not find in it.
    private static func problem(
        _ head: HTTPRequestHead
    ) -> (status: HTTPResponse.Status, fields: HTTPFields, body: String)? {
        guard head.method == .GET, head.version == .http1_1 else {
            return (.badRequest, [:], "a WebSocket is asked for with GET and HTTP/1.1\n")
        }
        guard head.headers["sec-websocket-version"] == ["13"] else {
            var fields = HTTPFields()
            if let name = HTTPField.Name("Sec-WebSocket-Version") { fields[name] = "13" }
            return (.upgradeRequired, fields, "only version 13 is spoken here\n")
        }
        let keys = head.headers["sec-websocket-key"]
        // 16 bytes in base64.
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24, key.hasSuffix("==") else {
            return (.badRequest, [:], "Sec-WebSocket-Key is 16 bytes in base64, exactly once\n")
        }
        return nil
    }
}

/// Stands at the end of the pipeline until a connection's first request is decided on.
///
/// It ends the connection when the server stops meanwhile, and answers what is no HTTP.
final class FirstRequestGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: .badRequest, headers: ["connection": "close", "content-length": "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated()
            .whenComplete { _ in context.close(promise: nil) }
    }

    static func removeFirstRequestHandlers(from channel: any Channel) {
        let operations = channel.pipeline.syncOperations
        if let handler = try? operations.handler(type: FirstRequestGuard.self) {
            operations.removeHandler(handler, promise: nil)
        }
        if let handler = try? operations.handler(type: FirstRequestGate.self) {
            operations.removeHandler(handler, promise: nil)
        }
    }
}
