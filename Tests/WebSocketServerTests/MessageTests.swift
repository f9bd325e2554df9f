import LoopbackHTTP
import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketServer

@Suite("WebSocket messages", .timeLimit(.minutes(1))) struct MessageTests {
    /// A connected client of an echoing server.
    private func withClient(
        settings: WebSocketServerSettings = .init(),
        handler: @escaping @Sendable (WebSocketConnection) async -> Void = echo,
        _ body: (FrameClient) async throws -> Void
    ) async throws {
        try await withWebSocketServer(settings: settings, handler: handler) { port, _ in
            let client = try FrameClient(port: port)
            #expect(await client.shakeHands().hasPrefix("HTTP/1.1 101"))
            try await body(client)
        }
    }

    @Test(
        "text and bytes of every length encoding come back as they went", arguments: [0, 1, 125, 126, 65_535, 65_536])
    func lengths(count: Int) async throws {
        var settings = WebSocketServerSettings()
        settings.maxMessageBytes = 100_000
        try await withClient(settings: settings) { client in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            client.send(opcode: 2, bytes)
            #expect(await client.frame() == .init(opcode: 2, payload: bytes))
            let text = String(repeating: "a", count: count)
            client.send(text: text)
            #expect(await client.frame() == .init(opcode: 1, payload: Array(text.utf8)))
        }
    }

    @Test("fragments become one message, with a ping answered in between")
    func fragments() async throws {
        try await withClient { client in
            let text = Array("안녕하세요".utf8)
            client.send(opcode: 1, Array(text[..<4]), isLast: false)
            client.send(opcode: 9, Array("are you there".utf8))
            client.send(opcode: 0, Array(text[4..<5]), isLast: false)
            client.send(opcode: 0, Array(text[5...]))
            #expect(await client.frame() == .init(opcode: 10, payload: Array("are you there".utf8)))
            #expect(await client.frame() == .init(opcode: 1, payload: text))
        }
    }

    @Test("several frames go out in one batch, in order")
    func batch() async throws {
        try await withClient(handler: { connection in
            var frames = WebSocketFrames()
            for number in 0..<100 { frames.append(text: "\(number)") }
            frames.append(binary: [1, 2, 3])
            #expect(frames.count == 101)
            try? await connection.send(frames)
        }) { client in
            for number in 0..<100 { #expect(await client.frame()?.text == "\(number)") }
            #expect(await client.frame() == .init(opcode: 2, payload: [1, 2, 3]))
            // The handler has returned.
            #expect(await client.frame()?.closeCode == 1000)
        }
    }

    /// What a client may not send, and the code it is told.
    enum Wrong: CaseIterable {
        case unmasked, reserved, unknownOpcode, continuation, interleaved, longPing, fragmentedPing, badText
        case badFragments, tooBig, tooBigInPieces, oneByteClose, badCode, badReason

        var code: UInt16 {
            switch self {
            case .badText, .badFragments, .badReason: 1007
            case .tooBig, .tooBigInPieces: 1009
            default: 1002
            }
        }

        func send(with client: FrameClient) {
            switch self {
            case .unmasked: client.send(opcode: 1, [65], masked: false)
            case .reserved: client.send(opcode: 1, [65], rsv: 4)
            case .unknownOpcode: client.send(opcode: 3, [65])
            case .continuation: client.send(opcode: 0, [65])
            case .interleaved:
                client.send(opcode: 1, [65], isLast: false)
                client.send(opcode: 1, [65])
            case .longPing: client.send(opcode: 9, [UInt8](repeating: 0, count: 126))
            case .fragmentedPing: client.send(opcode: 9, [0], isLast: false)
            case .badText: client.send(opcode: 1, [0xC3, 0x28])
            case .badFragments:
                client.send(opcode: 1, [0xE2, 0x82], isLast: false)
                client.send(opcode: 0, [0x28])
            case .tooBig: client.send(opcode: 2, [UInt8](repeating: 0, count: 1001))
            case .tooBigInPieces:
                client.send(opcode: 2, [UInt8](repeating: 0, count: 600), isLast: false)
                client.send(opcode: 0, [UInt8](repeating: 0, count: 600))
            case .oneByteClose: client.send(opcode: 8, [3])
            case .badCode: client.sendClose(1006)
            case .badReason: client.send(opcode: 8, [0x03, 0xE8, 0xC3, 0x28])
            }
        }
    }

    @Test("a client that breaks the protocol is told the code and closed", arguments: Wrong.allCases)
    func violations(wrong: Wrong) async throws {
        var settings = WebSocketServerSettings()
        settings.maxMessageBytes = 1000
        settings.closeTimeout = .milliseconds(200)
        try await withClient(settings: settings) { client in
            wrong.send(with: client)
            #expect(await client.frame()?.closeCode == wrong.code)
            client.sendClose(wrong.code)
            #expect(await client.frame() == nil)
        }
    }

    @Test("frames are encoded once for all lengths and equal what the client reads")
    func encoding() {
        for count in [0, 125, 126, 65_535, 65_536] {
            let payload = [UInt8](repeating: 7, count: count)
            let frames = WebSocketFrames(.binary(ByteBuffer(bytes: payload)))
            let header = count < 126 ? 2 : count < 65_536 ? 4 : 10
            #expect(frames.byteCount == count + header && frames.count == 1)
        }
    }
}
