import Testing

@testable import WebSocketServer

@Suite("Messages") struct MessageTests {
    @Test("a text message keeps its text")
    func text() {
        guard case .text(let text) = WebSocketServerMessage.text("PING") else {
            Issue.record("not a text")
            return
        }
        #expect(text == "PING")
    }
}
