import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Asks a server to upgrade to WebSocket, and reads its answer, a refusal's body included.
///
/// Once agreed, the handlers of HTTP leave, those of WebSocket take their place, and what came with the answer is theirs.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case waiting
        case agreed
        case upgrading([NIOAny])
        case refused(HTTPResponseHead, body: String)
        case done
    }

    private let url: WebSocketURL
    private let headers: HTTPHeaders
    private let settings: WebSocketSettings
    private let mailbox: Mailbox
    private let httpHandlers: [any RemovableChannelHandler]
    private let promise: EventLoopPromise<Void>
    private let checker: NIOWebSocketClientUpgrader
    private let key: String
    private var state = State.waiting
    private var timer: Scheduled<Void>?

    /// The longest part of a refusal's body that is quoted.
    private static let longestExcerpt = 300
    /// How long a refusal's body is waited for.
    private static let excerptTime = Duration.seconds(1)

    init(
        url: WebSocketURL, headers: HTTPHeaders, settings: WebSocketSettings, mailbox: Mailbox,
        httpHandlers: [any RemovableChannelHandler], promise: EventLoopPromise<Void>
    ) {
        self.url = url
        self.headers = headers
        self.settings = settings
        self.mailbox = mailbox
        self.httpHandlers = httpHandlers
        self.promise = promise
        key = NIOWebSocketClientUpgrader.randomRequestKey()
        // Only for its check of the accepted key.
        checker = NIOWebSocketClientUpgrader(requestKey: key) { channel, _ in
            channel.eventLoop.makeSucceededVoidFuture()
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        setTimer(context, settings.handshakeTimeout)
        var fields = headers
        fields.replaceOrAdd(name: "Host", value: url.authority)
        if !fields.contains(name: "User-Agent") { fields.add(name: "User-Agent", value: settings.userAgent) }
        fields.replaceOrAdd(name: "Upgrade", value: "websocket")
        fields.replaceOrAdd(name: "Connection", value: "Upgrade")
        fields.replaceOrAdd(name: "Sec-WebSocket-Version", value: "13")
        fields.replaceOrAdd(name: "Sec-WebSocket-Key", value: key)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    private func setTimer(_ context: ChannelHandlerContext, _ time: Duration) {
        let channel = context.channel
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [self] in
            if case .refused(let head, let body) = state {
                fail(refusal(head, body))
            } else {
                let reason = "no answer to the upgrade within \(time.seconds)"
                fail(WebSocketError(.timeout, url: url.shown, reason: reason, advice: "try again later"))
            }
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .upgrading(let waiting) = state {
            // Frames that came with the answer, as bytes.
            state = .upgrading(waiting + [data])
            return
        }
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting):
            guard head.status != .switchingProtocols else { return agree(head, context) }
            state = .refused(head, body: "")
            // The reason is known; what more is said of it is not worth the whole time.
            setTimer(context, Self.excerptTime)
        case (.body(let part), .refused(let head, let body)):
            guard body.utf8.count < Self.longestExcerpt else { return end(context) }
            state = .refused(head, body: body + String(decoding: part.readableBytesView.prefix(2_000), as: UTF8.self))
        case (.end, .refused): end(context)
        case (.end, .agreed): upgrade(context)
        default: break
        }
    }

    private func agree(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        let isUpgrade = head.headers[canonicalForm: "Upgrade"].first?.lowercased() == "websocket"
        let problem: String? =
            if !isUpgrade {
                "the server switched to another protocol than WebSocket"
            } else if !checker.shouldAllowUpgrade(upgradeResponse: head) {
                "the server's answer does not fit the key that was sent"
            } else if head.headers.contains(name: "Sec-WebSocket-Extensions") {
                "the server wants an extension that was not offered"
            } else if head.headers.contains(name: "Sec-WebSocket-Protocol"),
                !headers.contains(name: "Sec-WebSocket-Protocol")
            {
                "the server wants a subprotocol that was not offered"
            } else {
                nil
            }
        guard let problem else {
            state = .agreed
            return
        }
        fail(WebSocketError(.protocolError, url: url.shown, reason: problem))
        context.close(promise: nil)
    }

    private func upgrade(_ context: ChannelHandlerContext) {
        state = .upgrading([])
        let pipeline = context.pipeline.syncOperations
        let removals = httpHandlers.map { pipeline.removeHandler($0) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        EventLoopFuture.andAllSucceed(removals, on: context.eventLoop).whenComplete { result in
            let (handler, context) = bound.value
            handler.install(context, result)
        }
    }

    private func install(_ context: ChannelHandlerContext, _ result: Result<Void, any Error>) {
        guard case .upgrading = state else { return }
        do {
            try result.get()
            let pipeline = context.pipeline.syncOperations
            let decoder = WebSocketFrameDecoder(maxFrameSize: min(settings.maximumMessageBytes, Int(UInt32.max) - 1))
            try pipeline.addHandlers(
                [
                    WebSocketFrameEncoder(), ByteToMessageHandler(decoder),
                    FrameHandler(url: url.shown, mailbox: mailbox, settings: settings),
                ], position: .after(self))
        } catch {
            fail(WebSocketError(.lost, url: url.shown, reason: "the connection broke (\(error))"))
            context.close(promise: nil)
            return
        }
        guard case .upgrading(let waiting) = state else { return }
        state = .done
        timer?.cancel()
        promise.succeed()
        for bytes in waiting { context.fireChannelRead(bytes) }
        if !waiting.isEmpty { context.fireChannelReadComplete() }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(WebSocketError(url: url, during: error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    /// The answer, or the connection, has ended.
    private func end(_ context: ChannelHandlerContext) {
        if case .refused(let head, let body) = state {
            fail(refusal(head, body))
        } else {
            let reason = "the server closed the connection instead of answering"
            fail(WebSocketError(.lost, url: url.shown, reason: reason))
        }
        context.close(promise: nil)
    }

    private func fail(_ error: WebSocketError) {
        if case .done = state { return }
        state = .done
        timer?.cancel()
        promise.fail(error)
    }

    private func refusal(_ head: HTTPResponseHead, _ body: String) -> WebSocketError {
        let text = body.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(Self.longestExcerpt)
        let said = text.isEmpty ? "" : ": \(text)"
        let advice =
            switch head.status.code {
            case 429, 418: "too many connections or requests; wait before trying again"
            case 300..<400: "use the address it names: \(head.headers.first(name: "Location") ?? "none")"
            case 400..<500: "check the address"
            default: "try again later"
            }
        return WebSocketError(
            .refused(status: Int(head.status.code)), url: url.shown,
            reason: "the server refused the upgrade with status \(head.status.code) \(head.status.reasonPhrase)\(said)",
            advice: advice)
    }
}

extension Duration {
    /// "10 s".
    var seconds: String { "\(Double(self / .milliseconds(1)) / 1000) s" }
}
