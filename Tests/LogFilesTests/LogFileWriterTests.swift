import CivilTime
import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import LogFiles

@Suite("Writing logs", .timeLimit(.minutes(1)))
struct LogFileWriterTests {
    private let bench = Bench()

    private func all(_ folder: String, _ file: LogFile = .server) async -> [LogRecord] {
        var records: [LogRecord] = []
        var before: LogCursor?
        let search = LogSearch(folder: folder)
        repeat {
            let page = await search.page(LogQuery(file: file, limit: 1_000, before: before))
            records += page.records
            before = page.next
        } while before != nil
        return records
    }

    private func small(files: Int = 100, totalBytes: Int = 1 << 30) -> LogRetention {
        var retention = LogRetention()
        retention.fileBytes = 2_000
        retention.files = files
        retention.totalBytes = totalBytes
        return retention
    }

    @Test("records are in the file in their order")
    func order() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder)
            for number in 0..<100 { writer.append(bench.record("\(number)")) }
            writer.flush()
            #expect(await all(folder).map(\.message) == (0..<100).reversed().map { "\($0)" })
            #expect(writer.figures == .init(written: 100))
        }
    }

    @Test("a file that is long enough is put aside under the date, and nothing is lost or doubled")
    func rotationBySize() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder, retention: small())
            for number in 0..<200 {
                writer.append(bench.record("\(number)"))
                writer.flush()
            }
            #expect(await all(folder).map(\.message) == (0..<200).reversed().map { "\($0)" })
            let names = LogFolder.rotated(.server, in: folder).map(\.name)
            #expect(names.count > 5)
            // All of them within one second of the clock, told apart by number.
            #expect(names.first == "server-20270115T080000Z.log" && names[1] == "server-20270115T080000Z.1.log")
        }
    }

    @Test("a new day begins a new file, also for one that was left from yesterday")
    func rotationByDay() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder)
            writer.append(bench.record("yesterday"))
            writer.flush()
            bench.pass(.seconds(86_400))
            let other = bench.writer(folder)
            other.append(bench.record("today"))
            other.flush()
            #expect(LogFolder.rotated(.server, in: folder).map(\.name) == ["server-20270116T080000Z.log"])
            writer.append(bench.record("also today"))
            writer.flush()
            #expect(LogFolder.rotated(.server, in: folder).count == 1)
            #expect(await all(folder).map(\.message) == ["also today", "today", "yesterday"])
        }
    }

    @Test("old files go by number and by size, the oldest first; the other log's stay")
    func retention() async throws {
        try await withLogFolder { folder in
            let collectors = bench.writer(folder, .collector, retention: small())
            collectors.append(bench.record(String(repeating: "c", count: 3_000)))
            collectors.flush()
            collectors.append(bench.record("c"))
            collectors.flush()
            let writer = bench.writer(folder, retention: small(files: 3))
            for number in 0..<200 {
                writer.append(bench.record("\(number)"))
                writer.flush()
                bench.pass(.seconds(1))
            }
            #expect(LogFolder.rotated(.server, in: folder).count == 3)
            #expect(await all(folder).first?.message == "199")
            #expect(LogFolder.rotated(.collector, in: folder).count == 1)
            let sized = small(totalBytes: 5_000)
            #expect(
                sized.surplus([("a", 2_000), ("b", 2_000), ("c", 2_000)], current: 1_500) == ["a", "b"])
        }
    }

    @Test("several writers append and rotate at once: every line is whole and there once")
    func concurrent() async throws {
        try await withLogFolder { folder in
            var retention = small()
            retention.fileBytes = 20_000
            let writers = (0..<4).map { _ in bench.writer(folder, retention: retention) }
            await withTaskGroup(of: Void.self) { group in
                for (place, writer) in writers.enumerated() {
                    group.addTask {
                        for number in 0..<500 {
                            writer.append(bench.record("\(place)-\(number)", .info, ["filler": "0123456789"]))
                            if number % 20 == 0 { writer.flush() }
                        }
                        writer.flush()
                    }
                }
            }
            let messages = await all(folder).map(\.message)
            #expect(messages.count == 2_000)
            #expect(Set(messages).count == 2_000)
            #expect(LogFolder.rotated(.server, in: folder).count > 3)
            for place in 0..<4 {
                let own = messages.filter { $0.hasPrefix("\(place)-") }
                #expect(own == (0..<500).reversed().map { "\(place)-\($0)" })
            }
        }
    }

    @Test("a file that was moved away or removed is made anew")
    func moved() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder)
            writer.append(bench.record("one"))
            writer.flush()
            #expect(rename(folder + "/server.log", folder + "/elsewhere") == 0)
            writer.append(bench.record("two"))
            writer.flush()
            #expect(await all(folder).map(\.message) == ["two"])
            unlink(folder + "/server.log")
            writer.append(bench.record("three"))
            writer.flush()
            #expect(await all(folder).map(\.message) == ["three"])
        }
    }

    @Test("a folder that is missing is told once, lines wait for it, and the next outage is told again")
    func outage() async throws {
        try await withLogFolder { folder in
            let place = folder + "/later"
            let writer = bench.writer(place)
            for number in 0..<5 {
                writer.append(bench.record("\(number)"))
                writer.flush()
            }
            #expect(bench.complaints.count == 1)
            #expect(bench.complaints.first?.contains("\(place)/server.log cannot be opened") == true)
            #expect(writer.figures.failures >= 5 && writer.figures.dropped == 0)
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            writer.flush()
            #expect(await all(place).map(\.message) == ["4", "3", "2", "1", "0"])
            #expect(writer.figures.written == 5)
            try FileManager.default.removeItem(atPath: place)
            writer.append(bench.record("gone"))
            writer.flush()
            #expect(bench.complaints.count == 2)
        }
    }

    @Test("a full disk loses no more than finds no room, counts it, and says so when there is space again")
    func full() async throws {
        try await withLogFolder { folder in
            // A device that is always full stands for the log.
            #expect(symlink("/dev/full", folder + "/server.log") == 0)
            let writer = bench.writer(folder, bufferBytes: 2_000)
            for number in 0..<100 { writer.append(bench.record("\(number)")) }
            writer.flush()
            #expect(bench.complaints.count == 1)
            #expect(writer.figures.dropped > 50)
            unlink(folder + "/server.log")
            writer.flush()
            let records = await all(folder)
            #expect(records.count { $0.message == "log lines dropped" } >= 1)
            let told = records.compactMap { $0.metadata["lines"].flatMap { Int($0) } }.reduce(0, +)
            #expect(told == writer.figures.dropped)
            #expect(records.count { $0.label == "test" } + told == 100)
        }
    }

    @Test("the handler writes level, label, message and metadata, and passes the grave ones on")
    func handler() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder)
            // The other log stands for the terminal.
            let terminal = bench.writer(folder, .collector)
            let console = LogFileHandler(label: "console", writer: terminal)
            var logger = Logger(label: "web") { label in
                LogFileHandler(label: label, writer: writer, console: console, consoleLevel: .error)
            }
            logger[metadataKey: "run.id"] = "r1"
            logger.debug("not written")
            logger.info("request", metadata: ["http.status": "200"])
            logger.critical("gone", metadata: ["parts": ["a", "b"]])
            writer.flush()
            let records = await all(folder)
            #expect(records.map(\.message) == ["gone", "request"])
            #expect(records[1].metadata == ["run.id": "r1", "http.status": "200"])
            #expect(records[1].label == "web" && records[1].level == .info)
            terminal.flush()
            #expect(await all(folder, .collector).map(\.message) == ["gone"])
        }
    }

    @Test("a collector's lines have a file of their own")
    func programLogs() async throws {
        try await withLogFolder { folder in
            let logs = ProgramLogs(folder: folder)
            Logger(label: "collector.upbit") { logs.handler(label: $0) }.info("connected")
            Logger(label: "web") { logs.handler(label: $0) }.info("request")
            logs.flush()
            #expect(await all(folder, .collector).map(\.message) == ["connected"])
            #expect(await all(folder).map(\.message) == ["request"])
        }
    }
}
