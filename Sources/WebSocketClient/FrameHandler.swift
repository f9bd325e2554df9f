import CivilTime
import NIOCore
import NIOSSL
import NIOWebSocket
import WebSocketProtocol

/// The last handler of an open connection: puts messages together, answers pings and closes, and stops reading while the
/// mailbox is full.
final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// What the connection asks of this handler.
    enum Request: Sendable {
        case close(WebSocketCloseCode, reason: String)
        case resumeReading
    }

    private let url: String
    private let mailbox: Mailbox
    private let closeTimeout: TimeAmount
    private var assembler: MessageAssembler
    private var batch: [WebSocketMessage] = []
    private var batchBytes = 0
    private var isPaused = false
    private var isReadWanted = false
    private var isClosing = false

    init(url: String, mailbox: Mailbox, settings: WebSocketSettings) {
        self.url = url
        self.mailbox = mailbox
        closeTimeout = TimeAmount(settings.closeTimeout)
        assembler = MessageAssembler(of: .server, maximumBytes: settings.maximumMessageBytes)
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch assembler.take(frame) {
        case .nothing: break
        case .message(let message):
            // After a close of ours nothing is read any more.
            guard !isClosing else { return }
            batch.append(message)
            batchBytes += frame.length
        case .ping(let data):
            guard !isClosing else { return }
            write(context, .pong, data)
        case .close(let code, let reason): peerClosed(context, code, reason: reason)
        case .violation(let code, let reason): fail(context, code, reason)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver(context)
        context.fireChannelReadComplete()
    }

    private func deliver(_ context: ChannelHandlerContext) {
        guard !batch.isEmpty else { return }
        let batch = WebSocketBatch(
            messages: batch, receivedAt: .now(), receivedNanoseconds: WebSocketBatch.monotonicNanoseconds())
        let bytes = batchBytes
        self.batch = []
        batchBytes = 0
        let channel = context.channel
        let isOpen = mailbox.deliver(batch, bytes: bytes) {
            channel.triggerUserOutboundEvent(Request.resumeReading, promise: nil)
        }
        if !isOpen { isPaused = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deliver(context)
        mailbox.finish(
            isClosing
                ? nil
                : WebSocketError(.lost, url: url, reason: "the connection ended without a close"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            fail(context, .messageTooBig, "a frame is larger than is taken")
        case NIOWebSocketError.fragmentedControlFrame, NIOWebSocketError.multiByteControlFrameLength:
            fail(context, .protocolError, "a control frame is too long or in parts")
        case NIOSSLError.uncleanShutdown:
            // The end of the channel follows and is told there.
            context.close(promise: nil)
        default:
            deliver(context)
            mailbox.finish(WebSocketError(.lost, url: url, reason: "the connection broke (\(error))"))
            context.close(promise: nil)
        }
    }

    private func peerClosed(_ context: ChannelHandlerContext, _ code: WebSocketCloseCode?, reason: String) {
        deliver(context)
        if isClosing {
            mailbox.finish(nil)
            context.close(promise: nil)
            return
        }
        isClosing = true
        let said = reason.isEmpty ? "" : ", \"\(reason)\""
        let meaning = code.map { "with code \($0.rawValue)" } ?? "without a code"
        mailbox.finish(
            WebSocketError(
                .closed(code: code.map { Int($0.rawValue) } ?? 1005), url: url,
                reason: "the server closed the connection \(meaning)\(said)"))
        finish(context, code ?? .normal, "")
    }

    private func fail(_ context: ChannelHandlerContext, _ code: WebSocketCloseCode, _ reason: String) {
        guard !isClosing else { return context.close(promise: nil) }
        deliver(context)
        isClosing = true
        mailbox.finish(WebSocketError(.protocolError, url: url, reason: "the server broke the protocol: \(reason)"))
        finish(context, code, reason)
    }

    // MARK: - Out

    func read(context: ChannelHandlerContext) {
        if isPaused { isReadWanted = true } else { context.read() }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let request = event as? Request else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
        switch request {
        case .resumeReading:
            isPaused = false
            guard isReadWanted else { return }
            isReadWanted = false
            context.read()
        case .close(let code, let reason):
            guard !isClosing else { return }
            isClosing = true
            mailbox.finish(nil)
            write(context, .connectionClose, closing(context, code, reason))
            // The other side's close must be read, whoever reads or not.
            isPaused = false
            context.read()
            let channel = context.channel
            context.eventLoop.scheduleTask(in: closeTimeout) { channel.close(promise: nil) }
        }
    }

    /// Sends a close and ends the connection when it is out.
    private func finish(_ context: ChannelHandlerContext, _ code: WebSocketCloseCode, _ reason: String) {
        let frame = WebSocketFrame(
            fin: true, opcode: .connectionClose, maskKey: .random(), data: closing(context, code, reason))
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(frame)).whenComplete { _ in channel.close(promise: nil) }
        // A server that takes nothing any more does not keep it.
        context.eventLoop.scheduleTask(in: closeTimeout) { channel.close(promise: nil) }
    }

    private func write(_ context: ChannelHandlerContext, _ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    private func closing(_ context: ChannelHandlerContext, _ code: WebSocketCloseCode, _ reason: String) -> ByteBuffer {
        context.channel.allocator.buffer(bytes: WebSocketCloseCode.payload(code, reason: reason))
    }
}
