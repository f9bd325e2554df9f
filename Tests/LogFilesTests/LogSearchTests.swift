import CivilTime
import FoundationEssentials
import Logging
import Testing

@testable import LogFiles

@Suite("Searching logs", .timeLimit(.minutes(1)))
struct LogSearchTests {
    private let bench = Bench()

    /// 300 records, one a minute, over several files.
    private func filled(_ body: (String, Timestamp) async throws -> Void) async throws {
        try await withLogFolder { folder in
            var retention = LogRetention()
            retention.fileBytes = 5_000
            let start = bench.now
            let writer = bench.writer(folder, retention: retention)
            for number in 0..<300 {
                let levels: [Logger.Level] = [.debug, .info, .warning, .error]
                writer.append(
                    bench.record(
                        "Record \(number)", levels[number % 4],
                        ["exchange": number % 3 == 0 ? "upbit" : "bithumb", "path": "/live/KRW-\(number)"]))
                writer.flush()
                bench.pass(.seconds(60))
            }
            #expect(LogFolder.rotated(.server, in: folder).count > 3)
            try await body(folder, start)
        }
    }

    @Test("by date: from the first instant, until before the last")
    func dates() async throws {
        try await filled { folder, start in
            let page = await LogSearch(folder: folder).page(
                LogQuery(since: start + .seconds(60 * 100), until: start + .seconds(60 * 110)))
            #expect(page.messages == (100..<110).reversed().map { "Record \($0)" })
            #expect(page.next == nil)
        }
    }

    @Test("by level, exchange and text, in any case, in message and metadata")
    func filters() async throws {
        try await filled { folder, _ in
            let search = LogSearch(folder: folder)
            let grave = await search.page(LogQuery(level: .error, exchange: "UPBIT", limit: 1_000))
            #expect(grave.messages == (0..<300).reversed().filter { $0 % 4 == 3 && $0 % 3 == 0 }.map { "Record \($0)" })
            #expect(await search.page(LogQuery(text: "rEcOrD 17")).messages.count == 11)
            #expect(await search.page(LogQuery(text: "/live/krw-42")).messages == ["Record 42"])
            // A key of the line itself is no text of the record.
            #expect(await search.page(LogQuery(text: "metadata")).messages.isEmpty)
            #expect(await search.page(LogQuery(text: "nowhere")).next == nil)
        }
    }

    @Test("in pages without gaps or repeats, while files are put aside")
    func paging() async throws {
        try await filled { folder, _ in
            let search = LogSearch(folder: folder)
            var seen: [String] = []
            var before: LogCursor?
            repeat {
                let page = await search.page(LogQuery(limit: 7, before: before))
                seen += page.messages
                before = page.next.flatMap { LogCursor($0.description) }
                if seen.count == 14 {
                    // The file in use gets another name in the middle of it.
                    var retention = LogRetention()
                    retention.fileBytes = 1
                    let writer = bench.writer(folder, retention: retention)
                    writer.append(bench.record("later"))
                    writer.flush()
                }
            } while before != nil
            #expect(seen == (0..<300).reversed().map { "Record \($0)" })
        }
    }

    @Test("within bounds: a page that read enough says where to go on")
    func bounds() async throws {
        try await filled { folder, _ in
            let search = LogSearch(folder: folder, mostBytes: 6_000)
            var before: LogCursor?
            var pages = 0
            var found: [String] = []
            repeat {
                let page = await search.page(LogQuery(text: "record 3", before: before))
                if page.next != nil { #expect(page.isCutShort) }
                found += page.messages
                before = page.next
                pages += 1
            } while before != nil
            #expect(found == (0..<300).reversed().filter { "\($0)".hasPrefix("3") }.map { "Record \($0)" })
            #expect(pages > 3)
            let hasty = LogSearch(folder: folder, patience: .zero)
            #expect(await hasty.page(LogQuery(text: "nowhere")).records.isEmpty)
        }
    }

    @Test("lines that are none of ours are passed over")
    func foreign() async throws {
        try await withLogFolder { folder in
            let line = bench.record("good").line
            let torn = line.dropLast(20)
            try Data("\(torn)\n\nhello\n\(line)\u{0}\n\(line)\(torn)".utf8).write(
                to: URL(filePath: folder + "/server.log"))
            #expect(await LogSearch(folder: folder).page(LogQuery()).messages == ["good", "good"])
            #expect(await LogSearch(folder: folder + "/none").page(LogQuery()).messages.isEmpty)
        }
    }

    @Test("a long log is searched backwards block by block, long lines included")
    func blocks() async throws {
        try await withLogFolder { folder in
            let writer = bench.writer(folder, bufferBytes: 8 << 20)
            for number in 0..<3_000 {
                let filler = String(repeating: "x", count: number % 50 == 0 ? 9_000 : number % 300)
                writer.append(bench.record("\(number)", .info, ["filler": filler]))
            }
            writer.flush()
            let page = await LogSearch(folder: folder).page(LogQuery(limit: 1_000))
            #expect(page.messages == (2_000..<3_000).reversed().map { "\($0)" })
            let rest = await LogSearch(folder: folder).page(LogQuery(limit: 1_000, before: page.next))
            #expect(rest.messages == (1_000..<2_000).reversed().map { "\($0)" })
        }
    }

    @Test("what is added is followed, over a rotation too, and only what matches")
    func follow() async throws {
        try await withLogFolder { folder in
            var retention = LogRetention()
            retention.fileBytes = 250
            let writer = bench.writer(folder, retention: retention)
            writer.append(bench.record("before"))
            writer.flush()
            var follower = LogFollower(folder: folder, query: LogQuery(level: .warning))
            #expect(follower.news().isEmpty)
            for number in 0..<9 {
                writer.append(bench.record("\(number)", number % 2 == 0 ? .warning : .info))
                writer.flush()
                #expect(follower.news().map(\.message) == (number % 2 == 0 ? ["\(number)"] : []))
            }
            #expect(LogFolder.rotated(.server, in: folder).count >= 2)
        }
    }
}
