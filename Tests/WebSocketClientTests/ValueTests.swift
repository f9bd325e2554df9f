import CivilTime
import Testing
import WebSocketProtocol

@testable import WebSocketClient

@Suite("WebSocket values") struct ValueTests {
    @Test(
        "addresses are taken apart",
        arguments: [
            ("wss://api.upbit.com/websocket/v1", true, "api.upbit.com", 443, "/websocket/v1", "api.upbit.com"),
            ("ws://127.0.0.1:8080", false, "127.0.0.1", 8080, "/", "127.0.0.1:8080"),
            ("WS://[::1]:81/a?b=c#d", false, "::1", 81, "/a?b=c", "[::1]:81"),
            ("ws://localhost?x=1", false, "localhost", 80, "/?x=1", "localhost"),
        ])
    func addresses(
        text: String, isSecure: Bool, host: String, port: Int, target: String, authority: String
    ) throws {
        let url = try WebSocketURL(text)
        #expect(url.isSecure == isSecure)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(url.authority == authority)
        #expect(!url.shown.contains("?"))
    }

    @Test("a full mailbox stops its sender until it was emptied", .timeLimit(.minutes(1)))
    func mailbox() async throws {
        let mailbox = Mailbox(maximumMessages: 3, maximumBytes: 1000)
        func batch(_ count: Int) -> WebSocketBatch {
            WebSocketBatch(
                messages: Array(repeating: .text("x"), count: count), receivedAt: .now(), receivedNanoseconds: 0)
        }
        let (room, source) = AsyncStream.makeStream(of: Void.self)
        #expect(mailbox.deliver(batch(2), bytes: 2) { source.yield() })
        #expect(!mailbox.deliver(batch(1), bytes: 1) { source.yield() })
        #expect(try await mailbox.take().map(\.messages.count) == [2, 1])
        var rooms = room.makeAsyncIterator()
        await rooms.next()
        #expect(!mailbox.deliver(batch(1), bytes: 1000) { source.yield() })
        mailbox.finish(WebSocketError(.lost, url: "ws://x", reason: "gone"))
        #expect(try await mailbox.take().count == 1)
        await #expect(throws: WebSocketError.self) { try await mailbox.take() }
    }
}
