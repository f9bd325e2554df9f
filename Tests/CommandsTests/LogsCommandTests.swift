import CivilTime
import DAGModel
import FoundationEssentials
import LogFiles
import Logging
import Testing

@Suite("logs", .timeLimit(.minutes(1))) struct LogsCommandTests {
    typealias Harness = CommandLineHarness

    private func withHome(_ body: (_ home: String, _ writer: LogFileWriter) async throws -> Void) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: home + "/logs", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: home) }
        let writer = LogFileWriter(folder: home + "/logs", log: .server, now: { Harness.now })
        for number in 0..<50 {
            let levels: [Logger.Level] = [.info, .warning]
            writer.append(
                LogRecord(
                    time: Harness.now - .seconds(Int64(50 - number) * 60), level: levels[number % 2], label: "web",
                    message: "line \(number)\u{1B}[2J\nmore", metadata: ["exchange": number < 25 ? "upbit" : "korbit"]))
        }
        writer.flush()
        try await body(home, writer)
    }

    @Test("the newest records are shown, the oldest of them first, a line each")
    func plain() async throws {
        try await withHome { home, _ in
            let outcome = await Harness.run("logs", "--home", home, "--count", "3")
            #expect(outcome.code == 0)
            #expect(outcome.outputLines.count == 3)
            #expect(
                outcome.outputLines[0] == "2026-11-21T09:57:00Z  WARNING   web: line 47 [2J more  exchange=korbit")
            let coloured = await Harness.run("logs", "--home", home, "-c", "1", isColourful: true)
            #expect(coloured.output.contains("\u{1B}[33mWARNING"))
        }
    }

    @Test("records are found by time, level, exchange and text, as JSON too")
    func search() async throws {
        try await withHome { home, _ in
            let recent = await Harness.run("logs", "--home", home, "--since", "10m", "-o", "json").json
            #expect(recent.arrayValue?.count == 10)
            #expect(recent.arrayValue?.last?["message"] == "line 49\u{1B}[2J\nmore")
            let some = await Harness.run(
                "logs", "--home", home, "--level", "WARNING", "--exchange", "upbit", "--grep", "LINE 1", "--until",
                "2026-11-21T09:30:00Z", "-o", "json", variables: [:]
            ).json
            #expect(
                some.arrayValue?.compactMap { $0["message"]?.stringValue?.prefix(7) } == [
                    "line 1\u{1B}", "line 11", "line 13", "line 15", "line 17", "line 19",
                ])
            let zoned = await Harness.run("logs", "--home", home, "-c", "1", "--timezone", "Asia/Seoul")
            #expect(zoned.output.hasPrefix("2026-11-21T18:59:00+09:00"))
        }
    }

    @Test("what is added is followed until it is cancelled")
    func follow() async throws {
        try await withHome { home, writer in
            let (texts, text) = AsyncStream.makeStream(of: String.self)
            // Awaited below, after it is cancelled.
            let following = Task {
                defer { text.finish() }
                return await Harness.run(
                    "logs", "--home", home, "-c", "1", "--follow", "--grep", "line", onOutput: { text.yield($0) })
            }
            var shown = texts.makeAsyncIterator()
            #expect(await shown.next()?.contains("line 49") == true)
            writer.append(LogRecord(time: Harness.now, level: .info, label: "web", message: "line 100"))
            writer.flush()
            #expect(await shown.next()?.contains("line 100") == true)
            following.cancel()
            let outcome = await following.value
            #expect(outcome.code == 130)
            #expect(outcome.output.split(separator: "line 100").count == 2, "shown once")
        }
    }

    @Test("what is wrong with the command line is said, with what would be right")
    func problems() async throws {
        let level = await Harness.run("logs", "--level", "warn")
        #expect(level.code == 2 && level.errors.contains("there are trace, debug, info"))
        #expect(await Harness.run("logs", "--since", "soon").errors.contains("15m for 15 minutes ago"))
        #expect(await Harness.run("logs", "--file", "servers").code == 2)
        #expect(await Harness.run("logs", "--follow", "--output", "json").code == 2)
        #expect(await Harness.run("logs", "--count", "0").code == 2)
        let home = await Harness.run("logs", "--home", "/nonexistent")
        #expect(home.code == 1)
        #expect(home.errors.contains("there are no logs in /nonexistent/logs") && home.errors.contains("--home"))
    }

    @Test("nothing found is no failure")
    func nothing() async throws {
        try await withHome { home, _ in
            let outcome = await Harness.run("logs", "--home", home, "--file", "collector")
            #expect(outcome.code == 0 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("nothing found in collector.log"))
            #expect(await Harness.run("logs", "--home", home, "--file", "collector", "-o", "json").output == "[]\n")
        }
    }
}
