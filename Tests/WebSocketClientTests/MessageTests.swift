import Testing

@testable import WebSocketClient

@Suite("Messages") struct MessageTests {
    @Test("a text message keeps its text")
    func text() {
        guard case .text(let text) = WebSocketMessage.text("PING") else {
            Issue.record("not a text")
            return
        }
        #expect(text == "PING")
    }
}
