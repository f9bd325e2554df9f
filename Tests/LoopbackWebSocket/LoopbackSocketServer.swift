import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// A WebSocket server on loopback for tests, that does exactly what a test says.
package final class LoopbackSocketServer: Sendable {
    /// The address, with the host localhost and no slash at its end.
    package let url: String
    package let port: Int
    /// Every client once its connection is upgraded.
    package let peers: AsyncStream<LoopbackPeer>

    private let channel: any Channel
    private let source: AsyncStream<LoopbackPeer>.Continuation

    /// Listens on a free port, with TLS on request.
    ///
    /// - Parameter answersClose: whether a client's close is answered at once, with the end of the connection.
    package init(isSecure: Bool = false, answersClose: Bool = true) async throws {
        let (peers, source) = AsyncStream.makeStream(of: LoopbackPeer.self)
        var tls: NIOSSLContext?
        if isSecure {
            let certificates = try NIOSSLCertificate.fromPEMBytes(Array(LoopbackCertificate.certificate.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(LoopbackCertificate.key.utf8), format: .pem)
            tls = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key)))
        }
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: 1 << 24, automaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let peer = LoopbackPeer(channel: channel, head: head)
                    try channel.pipeline.syncOperations.addHandler(
                        PeerHandler(peer: peer, answersClose: answersClose))
                    source.yield(peer)
                }
            })
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
                }
            }
            .bind(host: "localhost", port: 0).get()
        self.peers = peers
        self.source = source
        port = channel.localAddress?.port ?? 0
        url = "\(isSecure ? "wss" : "ws")://localhost:\(port)"
    }

    /// The next client; nil once the server was stopped.
    package func nextPeer() async -> LoopbackPeer? {
        var iterator = peers.makeAsyncIterator()
        return await iterator.next()
    }

    /// Takes no further client; those connected stay.
    package func stop() async {
        source.finish()
        try? await channel.close().get()
    }
}

/// A frame that a client sent.
package struct LoopbackFrame: Sendable, Equatable {
    /// 1 for text, 2 binary, 8 close, 9 ping, 10 pong.
    package var opcode: UInt8
    package var isMasked: Bool
    package var bytes: [UInt8]

    package init(opcode: UInt8, isMasked: Bool, bytes: [UInt8]) {
        self.opcode = opcode
        self.isMasked = isMasked
        self.bytes = bytes
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A client, as the server sees it.
package final class LoopbackPeer: Sendable {
    /// Path and query.
    package let target: String
    package let headers: [(name: String, value: String)]
    /// Every frame of the client; ends with the connection.
    package let frames: AsyncStream<LoopbackFrame>

    fileprivate let source: AsyncStream<LoopbackFrame>.Continuation
    private let channel: any Channel

    fileprivate init(channel: any Channel, head: HTTPRequestHead) {
        self.channel = channel
        target = head.uri
        headers = head.headers.map { (name: $0.name, value: $0.value) }
        (frames, source) = AsyncStream.makeStream(of: LoopbackFrame.self)
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Sends a frame, by default a whole message.
    package func send(opcode: UInt8, _ bytes: [UInt8], isLast: Bool = true) {
        guard let opcode = WebSocketOpcode(encodedWebSocketOpcode: opcode) else { return }
        channel.writeAndFlush(
            WebSocketFrame(fin: isLast, opcode: opcode, data: ByteBuffer(bytes: bytes)), promise: nil)
    }

    /// Sends several messages in one write, so that a client reads them together.
    package func send(binary messages: [[UInt8]]) {
        var bytes: [UInt8] = []
        for message in messages { bytes += Self.frame(opcode: 2, message) }
        send(raw: bytes)
    }

    package func send(text: String) { send(opcode: 1, Array(text.utf8)) }

    /// Sends bytes as they are, frames or not.
    package func send(raw bytes: [UInt8]) {
        let channel = channel
        channel.eventLoop.execute {
            guard
                let context = try? channel.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
            else { return }
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }

    /// A close frame, and the end of the connection when it is out.
    package func close(code: UInt16, reason: String = "") {
        send(opcode: 8, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] + Array(reason.utf8))
    }

    /// Ends the connection without a close.
    package func disconnect() { channel.close(promise: nil) }

    /// A frame's bytes as a server sends it.
    package static func frame(
        opcode: UInt8, _ bytes: [UInt8], isLast: Bool = true, firstBits: UInt8 = 0
    ) -> [UInt8] {
        var frame = [(isLast ? 0x80 : 0) | firstBits | opcode]
        switch bytes.count {
        case ..<126: frame.append(UInt8(bytes.count))
        case ..<65_536: frame += [126, UInt8(bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)]
        default:
            frame.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                frame.append(UInt8(truncatingIfNeeded: bytes.count >> shift))
            }
        }
        return frame + bytes
    }
}

private final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    private let peer: LoopbackPeer

    private let answersClose: Bool

    init(peer: LoopbackPeer, answersClose: Bool) {
        self.peer = peer
        self.answersClose = answersClose
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        peer.source.yield(
            LoopbackFrame(
                opcode: UInt8(webSocketOpcode: frame.opcode), isMasked: frame.maskKey != nil,
                bytes: Array(frame.unmaskedData.readableBytesView)))
        guard answersClose, frame.opcode == .connectionClose else { return }
        let channel = context.channel
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData))
            .whenComplete { _ in channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.source.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
