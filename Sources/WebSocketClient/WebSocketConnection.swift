import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization
package import WebSocketProtocol

/// An open WebSocket connection, as a client: an asynchronous sequence of the batches of messages that come, and the
/// means to send.
///
/// It has one reader. The sequence ends after `close`, and throws a ``WebSocketError`` when the connection ends in any
/// other way; whatever came before the end is handed out first. Pings are answered; no extension is offered, so no
/// message is compressed; `Origin` is never sent, since exchanges throttle requests that carry one.
package final class WebSocketConnection: AsyncSequence, Sendable {
    package typealias Element = WebSocketBatch
    package typealias Failure = WebSocketError

    /// The address without its query.
    package let url: String
    private let channel: any Channel
    private let mailbox: Mailbox
    private let sendTimeout: TimeAmount

    private init(url: String, channel: any Channel, mailbox: Mailbox, settings: WebSocketSettings) {
        self.url = url
        self.channel = channel
        self.mailbox = mailbox
        sendTimeout = TimeAmount(settings.sendTimeout)
    }

    deinit {
        channel.close(promise: nil)
    }

    /// Connects and upgrades; a cancelled task gives the attempt up.
    package static func connect(
        url text: String, headers: [(name: String, value: String)] = [], settings: WebSocketSettings = .init()
    ) async throws(WebSocketError) -> WebSocketConnection {
        let url = try WebSocketURL(text)
        let fields = try checked(headers, url)
        do {
            return try await connect(url, fields, settings)
        } catch {
            throw WebSocketError(url: url, during: error)
        }
    }

    private static func connect(
        _ url: WebSocketURL, _ headers: HTTPHeaders, _ settings: WebSocketSettings
    ) async throws -> WebSocketConnection {
        let tls = url.isSecure ? try await tlsContext(settings.trust) : nil
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let promise = loop.makePromise(of: Void.self)
        let mailbox = Mailbox(
            maximumMessages: settings.maximumWaitingMessages, maximumBytes: settings.maximumWaitingBytes)
        let attempts = Attempts()
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(settings.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A busy stream's reading takes many messages at once.
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16_384, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try attempts.add(channel)
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = url.isAddress ? nil : url.host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    let encoder = HTTPRequestEncoder()
                    let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
                    let handshake = HandshakeHandler(
                        url: url, headers: headers, settings: settings, mailbox: mailbox,
                        httpHandlers: [encoder, decoder], promise: promise)
                    try pipeline.addHandlers([encoder, decoder, handshake])
                }
            }
        let channel = try await withTaskCancellationHandler {
            let channel: any Channel
            do {
                channel = try await bootstrap.connect(host: url.host, port: url.port).get()
            } catch {
                promise.fail(error)
                throw Task.isCancelled ? CancellationError() : error
            }
            do {
                try await promise.futureResult.get()
            } catch {
                throw Task.isCancelled ? CancellationError() : error
            }
            return channel
        } onCancel: {
            attempts.giveUp()
        }
        if Task.isCancelled {
            channel.close(promise: nil)
            throw CancellationError()
        }
        return WebSocketConnection(url: url.shown, channel: channel, mailbox: mailbox, settings: settings)
    }

    /// The sockets that try to connect, one for each address of the host, so that a cancelled task can end them.
    private final class Attempts: Sendable {
        private let channels = Mutex<[any Channel]?>([])

        func add(_ channel: any Channel) throws {
            let isWanted = channels.withLock { channels in
                channels?.append(channel)
                return channels != nil
            }
            if !isWanted { throw CancellationError() }
        }

        func giveUp() {
            let given = channels.withLock { channels in
                defer { channels = nil }
                return channels ?? []
            }
            for channel in given { channel.close(promise: nil) }
        }
    }

    /// Reads the system's certificates from files, so not on a cooperative thread.
    private static func tlsContext(_ trust: WebSocketSettings.Trust) async throws -> NIOSSLContext {
        try await NIOThreadPool.singleton.runIfActive {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            if case .only(let pem) = trust {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            }
            return try NIOSSLContext(configuration: configuration)
        }
    }

    private static func checked(
        _ headers: [(name: String, value: String)], _ url: WebSocketURL
    ) throws(WebSocketError) -> HTTPHeaders {
        var fields = HTTPHeaders()
        for (name, value) in headers {
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
            let isValue = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            guard isName, isValue else {
                throw WebSocketError(
                    .invalidRequest, url: url.shown, reason: "the header field \"\(name)\" cannot be sent as it is")
            }
            guard name.lowercased() != "origin" else {
                throw WebSocketError(
                    .invalidRequest, url: url.shown, reason: "the header field Origin must not be sent",
                    advice: "exchanges allow one request in ten seconds with it")
            }
            fields.add(name: name, value: value)
        }
        return fields
    }

    // MARK: - Sending

    /// Sends a message; returns when the network has taken it.
    package func send(_ message: WebSocketMessage) async throws(WebSocketError) {
        try await finish(post(message))
    }

    /// Sends a ping; its answer needs no attention.
    package func ping() async throws(WebSocketError) {
        try await finish(postPing())
    }

    /// Begins to send a message, in the order of the calls; a failure ends the connection, and the sequence tells.
    @discardableResult
    package func post(_ message: WebSocketMessage) -> SendReceipt {
        switch message {
        case .text(let text): write(.text, channel.allocator.buffer(string: text))
        case .binary(let bytes): write(.binary, bytes)
        }
    }

    /// Begins to send a ping.
    @discardableResult
    package func postPing() -> SendReceipt {
        write(.ping, channel.allocator.buffer(capacity: 0))
    }

    /// What becomes of something sent.
    package struct SendReceipt: Sendable {
        fileprivate let future: EventLoopFuture<Void>
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> SendReceipt {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let channel = channel
        // A server that takes nothing for so long is gone.
        let timer = channel.eventLoop.scheduleTask(in: sendTimeout) { channel.close(promise: nil) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        channel.writeAndFlush(frame, promise: promise)
        return SendReceipt(future: promise.futureResult)
    }

    private func finish(_ receipt: SendReceipt) async throws(WebSocketError) {
        do {
            try await receipt.future.get()
        } catch {
            throw WebSocketError(.notOpen, url: url, reason: "nothing can be sent, the connection has ended (\(error))")
        }
    }

    /// Closes in order: tells the other side, and waits for its answer at most `closeTimeout`.
    ///
    /// The sequence ends at once. Returns when the connection has ended; calling it again does no harm.
    package func close(code: WebSocketCloseCode = .normal, reason: String = "") async {
        beginClose(code: code, reason: reason)
        try? await channel.closeFuture.get()
    }

    /// Begins to close, without waiting.
    package func beginClose(code: WebSocketCloseCode = .normal, reason: String = "") {
        mailbox.finish(nil)
        channel.triggerUserOutboundEvent(FrameHandler.Request.close(code, reason: reason), promise: nil)
    }

    // MARK: - Receiving

    /// Everything that has come, at least one batch; empty after `close` or when the calling task is cancelled.
    ///
    /// For a reader that wants all at once; it takes the sequence's place.
    package func nextBatches() async throws(WebSocketError) -> [WebSocketBatch] {
        try await mailbox.take()
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(mailbox: mailbox) }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let mailbox: Mailbox
        private var taken: [WebSocketBatch] = []
        private var position = 0

        fileprivate init(mailbox: Mailbox) {
            self.mailbox = mailbox
        }

        package mutating func next() async throws -> WebSocketBatch? {
            try await next(isolation: #isolation)
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(WebSocketError) -> WebSocketBatch? {
            if position >= taken.count {
                taken = try await mailbox.take()
                position = 0
            }
            guard position < taken.count else { return nil }
            position += 1
            return taken[position - 1]
        }
    }
}
