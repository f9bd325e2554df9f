import LoopbackHTTP
import NIOCore
import Testing

@testable import WebSocketServer

@Suite("WebSocket handshake", .timeLimit(.minutes(1))) struct HandshakeTests {
    @Test("the answer has the accept value of RFC 6455's example and the endpoint's own fields")
    func accepted() async throws {
        try await withWebSocketServer(handler: echo) { port, _ in
            let head = await (try FrameClient(port: port)).shakeHands().lowercased()
            #expect(head.hasPrefix("http/1.1 101 "))
            #expect(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"))
            #expect(head.contains("upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"))
            #expect(head.contains("server: test\r\n"))
        }
    }

    @Test("ordinary requests are answered as ever, several on one connection")
    func ordinary() async throws {
        try await withWebSocketServer(handler: echo) { port, _ in
            let client = try FrameClient(port: port)
            for _ in 0..<3 {
                client.send(Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                #expect(await client.head().hasPrefix("HTTP/1.1 200 OK"))
                #expect(await client.read(5) == Array("hello".utf8))
            }
        }
    }

    @Test("a request for another protocol is answered in this one, its body too")
    func otherProtocol() async throws {
        try await withWebSocketServer(handler: echo) { port, _ in
            let client = try FrameClient(port: port)
            let lines = ["GET /hello HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3"]
            client.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\nabc").utf8))
            #expect(await client.head().hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test(
        "what the endpoint or the RFC refuses gets an HTTP answer",
        arguments: [
            ("/nowhere", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(FrameClient.key)"], "404"),
            ("/hello", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(FrameClient.key)"], "200"),
            ("/full", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(FrameClient.key)"], "503"),
            ("/ws", ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: \(FrameClient.key)"], "426"),
            ("/ws", ["Sec-WebSocket-Version: 13"], "400"),
            ("/ws", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"], "400"),
        ])
    func refused(path: String, headers: [String], status: String) async throws {
        try await withWebSocketServer(handler: echo) { port, _ in
            let head = await (try FrameClient(port: port)).shakeHands(path: path, headers: headers)
            #expect(head.hasPrefix("HTTP/1.1 \(status) "))
            if status == "426" { #expect(head.lowercased().contains("sec-websocket-version: 13")) }
            if status == "503" { #expect(head.lowercased().contains("retry-after: 1")) }
        }
    }

    @Test("what is no HTTP gets 400 and the end")
    func noHTTP() async throws {
        try await withWebSocketServer(handler: echo) { port, _ in
            let client = try FrameClient(port: port)
            client.send(Array("\u{16}\u{03}\u{01} this is no request\r\n\r\n".utf8))
            #expect(await client.head().hasPrefix("HTTP/1.1 400 "))
            #expect(await client.read(1) == nil)
        }
    }

    @Test("a connection that has asked nothing does not keep a stopping server")
    func silentConnection() async throws {
        try await withWebSocketServer(handler: echo) { port, stop in
            let client = try FrameClient(port: port)
            // One request on another connection shows that the silent one was accepted before.
            #expect(await (try FrameClient(port: port)).shakeHands().hasPrefix("HTTP/1.1 101"))
            await stop()
            #expect(await client.read(1) == nil)
        }
    }
}
