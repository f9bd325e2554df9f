import LoopbackHTTP
import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketServer

@Suite("A client that reads slowly", .timeLimit(.minutes(1))) struct SlowReaderTests {
    private static let frames = WebSocketFrames(.binary(ByteBuffer(repeating: 0, count: 10_000)))

    /// Runs a handler that tells how many messages it sent before the client reads them all.
    private func receivingLate(_ handler: @escaping @Sendable (WebSocketConnection) async -> Int) async throws {
        var settings = WebSocketServerSettings()
        settings.maxOutgoingBytes = 1_000_000
        let (counts, continuation) = AsyncStream.makeStream(of: Int.self)
        try await withWebSocketServer(
            settings: settings,
            handler: { connection in
                continuation.yield(await handler(connection))
                continuation.finish()
                for await _ in connection.messages {}
            }
        ) { port, _ in
            let client = try FrameClient(port: port)
            #expect(await client.shakeHands().hasPrefix("HTTP/1.1 101"))
            var iterator = counts.makeAsyncIterator()
            let sent = try #require(await iterator.next())
            for _ in 0..<sent { #expect(await client.frame()?.payload.count == 10_000) }
            client.sendClose(1000)
            #expect(await client.frame()?.closeCode == 1000)
        }
    }

    @Test("who does not read fills a bounded buffer; everything that was taken arrives once it reads")
    func late() async throws {
        try await receivingLate { connection in
            var sent = 0
            // Until it is refused, however much the kernel takes before.
            while connection.trySend(Self.frames) { sent += 1 }
            #expect(connection.outgoingBytes <= 1_000_000)
            return sent
        }
    }

    /// The kernel may take some of a full buffer at any moment; here it takes nothing until it is told to.
    @Test("a full buffer refuses messages, whether one waits for them or not")
    func full() async throws {
        try await receivingLate { connection in
            let channel = connection.channel
            do {
                try await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(Dam(), position: .first)
                }.get()
                var sent = 0
                while connection.trySend(Self.frames) { sent += 1 }
                #expect(sent == 1_000_000 / Self.frames.byteCount)
                #expect(connection.outgoingBytes == sent * Self.frames.byteCount)
                await #expect(throws: WebSocketServerError.tooSlow) { try await connection.send(Self.frames) }
                #expect(!connection.trySend(Self.frames))
                try await channel.triggerUserOutboundEvent(Dam.Opening())
                return sent
            } catch {
                Issue.record(error)
                return 0
            }
        }
    }
}

/// Holds back what is written, as a socket whose kernel takes nothing more, until it is opened.
private final class Dam: ChannelOutboundHandler {
    typealias OutboundIn = Any

    struct Opening: Sendable {}

    private var held: [(data: NIOAny, promise: EventLoopPromise<Void>?)] = []
    private var isOpen = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isOpen { context.write(data, promise: promise) } else { held.append((data, promise)) }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Opening else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isOpen = true
        for (data, promise) in held { context.write(data, promise: promise) }
        held = []
        context.flush()
        promise?.succeed()
    }
}
