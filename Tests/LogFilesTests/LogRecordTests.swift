import CivilTime
import Logging
import Testing

@testable import LogFiles

@Suite("Log records") struct LogRecordTests {
    static let texts = [
        "plain", "", "two\nlines\r\n", "\"quoted\" \\ and \t tab", "\u{0}\u{1B}[31mred", "안녕하세요 🌊",
        "a\u{2028}b", "\"\u{301}", "{\"time\":\"x\"}", String(repeating: "long ", count: 500),
    ]

    @Test("come back from their line, whatever they hold", arguments: texts)
    func roundTrip(text: String) throws {
        let record = LogRecord(
            time: Timestamp(microseconds: 1_800_000_000_123_456), level: .warning, label: text, message: text,
            metadata: [text: text, "exchange": "upbit"])
        let line = record.line
        #expect(line.utf8.last == 10 && line.utf8.dropLast().allSatisfy { $0 >= 0x20 })
        #expect(LogRecord(line: Array(line.utf8)) == record)
        let bytes = Array(line.utf8)[...]
        #expect(LogLine.time(bytes).map { String(decoding: $0, as: UTF8.self) } == "2027-01-15T08:00:00.123456Z")
        #expect(LogLine.level(bytes).map { String(decoding: $0, as: UTF8.self) } == "warning")
    }

    @Test("of endless texts are cut, and still are lines")
    func cut() throws {
        let record = LogRecord(
            time: .epoch, level: .info, label: "l", message: String(repeating: "é", count: 1_000_000))
        let back = try #require(LogRecord(line: Array(record.line.utf8)))
        #expect(record.line.utf8.count < 40_000)
        #expect(back.message.hasSuffix("é …"))
    }

    @Test(
        "what is no record is none", arguments: ["", "{", "hello", "{\"time\":\"2027-01-15T08:00:00.000000Z\"}", "[]"])
    func none(text: String) {
        #expect(LogRecord(line: Array(text.utf8)) == nil)
    }

    @Test("a level is found by its token in any case")
    func tokens() {
        #expect(Logger.Level(token: "WARNING") == .warning)
        #expect(Logger.Level(token: "loud") == nil)
    }

    @Test(
        "a label has its file",
        arguments: [
            ("collector", LogFile.collector), ("collector.upbit", .collector), ("collectors", .server), ("", .server),
        ])
    func files(label: String, file: LogFile) {
        #expect(LogFile.of(label: label) == file)
    }
}
