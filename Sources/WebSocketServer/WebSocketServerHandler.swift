import NIOCore
import NIOWebSocket
import WebSocketProtocol

/// The server's side of the WebSocket protocol on a connection: messages in, encoded frames out.
///
/// It answers pings, shakes hands at the end, ends idle connections and closes when the server stops. It lives on the
/// channel's event loop.
final class WebSocketServerHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketMessage
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Asks for a close frame; sent as an outbound event.
    struct CloseRequest: Sendable {
        let code: WebSocketCloseCode
        let reason: String
    }

    /// open → closing (our close frame is sent) → closed.
    private enum Phase {
        case open, closing, closed
    }

    private let settings: WebSocketServerSettings
    private let state: ConnectionState
    private var assembler: MessageAssembler
    private var phase = Phase.open
    private var timers: [Scheduled<Void>] = []

    init(settings: WebSocketServerSettings, state: ConnectionState) {
        self.settings = settings
        self.state = state
        assembler = MessageAssembler(of: .client, maximumBytes: settings.maxMessageBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if let timeout = settings.idleTimeout { watchIdleness(TimeAmount(timeout), context: context) }
        if let interval = settings.pingInterval { pingEvery(TimeAmount(interval), context: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        state.end(.lost)
        cancelTimers()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        state.noteTraffic(.now())
        let event = assembler.take(unwrapInboundIn(data))
        switch (phase, event) {
        case (.closed, _): break
        case (.open, .message(let message)): context.fireChannelRead(wrapInboundOut(message))
        case (.open, .ping(let payload)):
            let pong = WebSocketFrames.control(.pong, payload: payload.readableBytesView)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case (.open, .close(let code, let reason)):
            state.end(.byClient(code, reason: reason))
            phase = .closing
            // The close is handed on after the frame: whoever writes in between is refused.
            context.writeAndFlush(wrapOutboundOut(WebSocketFrames.close(code, reason: ""))).assumeIsolated()
                .whenComplete { _ in context.close(promise: nil) }
        case (.open, .violation(let code, let reason)): close(code, reason: reason, context: context)
        case (.closing, .close): context.close(promise: nil)
        case (.closing, _), (.open, .nothing): break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase == .open else {
            promise?.fail(WebSocketServerError.closed)
            return
        }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let request = event as? CloseRequest else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        close(request.code, reason: request.reason, context: context)
        promise?.succeed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            close(.goingAway, reason: "the server stops", context: context)
        case ChannelEvent.inputClosed:
            // A half-open WebSocket is of no use.
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            close(
                .messageTooBig, reason: "a message has at most \(settings.maxMessageBytes) bytes", context: context)
        case is NIOWebSocketError:
            close(.protocolError, reason: "a malformed control frame", context: context)
        default: context.close(promise: nil)
        }
    }

    private func close(_ code: WebSocketCloseCode, reason: String, context: ChannelHandlerContext) {
        guard phase == .open else { return }
        phase = .closing
        state.end(.byServer(code, reason: reason))
        context.writeAndFlush(wrapOutboundOut(WebSocketFrames.close(code, reason: reason)), promise: nil)
        let deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.closeTimeout)) {
            context.close(promise: nil)
        }
        timers.append(deadline)
    }

    private func watchIdleness(_ timeout: TimeAmount, context: ChannelHandlerContext) {
        let check = context.eventLoop.assumeIsolated().scheduleTask(deadline: state.lastTraffic + timeout) {
            guard self.phase == .open else { return }
            guard NIODeadline.now() >= self.state.lastTraffic + timeout else {
                self.watchIdleness(timeout, context: context)
                return
            }
            switch self.settings.idleEnd {
            case .close(let code): self.close(code, reason: "no traffic", context: context)
            case .disconnect:
                self.state.end(.idle)
                context.close(promise: nil)
            }
        }
        replaceTimer(check)
    }

    private func pingEvery(_ interval: TimeAmount, context: ChannelHandlerContext) {
        let ping = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            guard self.phase == .open else { return }
            context.writeAndFlush(self.wrapOutboundOut(WebSocketFrames.control(.ping, payload: [])), promise: nil)
            self.pingEvery(interval, context: context)
        }
        replaceTimer(ping)
    }

    /// Keeps at most a handful of timers: those that fired are forgotten.
    private func replaceTimer(_ timer: Scheduled<Void>) {
        if timers.count >= 8 { timers.removeFirst(4) }
        timers.append(timer)
    }

    private func cancelTimers() {
        for timer in timers { timer.cancel() }
        timers = []
    }
}
