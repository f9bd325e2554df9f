import Logging
import Testing

@testable import LogFiles

@Suite("Log level names") struct LogLevelNameTests {
    @Test("a level is found by its token in any case")
    func tokens() {
        #expect(Logger.Level(token: "WARNING") == .warning)
        #expect(Logger.Level(token: "loud") == nil)
    }
}
