import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import RunStore
import SchedulerCore
import Testing

@testable import WebServer

@Suite("Hostile texts", .timeLimit(.minutes(1)))
struct HostileTextTests {
    /// Markup, a quote hidden by a combining accent, a template, a path, a separator and letters of many alphabets.
    static let texts = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\"\u{301} onmouseover=\"alert(1)",
        "<\u{338}b>", "{{title}}{{{content}}}", "../../etc/passwd", "a/b?c=d#e&f", "%2F%00", "안녕하세요 🌊", "a\u{0}b",
        "' or 1=1 --",
    ]

    @Test("are shown as text wherever they come from", arguments: texts)
    func everywhere(text: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let dag = Sample.dag(text, tasks: [(text, []), ("next", [text])]) { dag in
            dag.summary = text
            dag.displayName = text + "!"
            dag.tags = [text]
            dag.owner = text
        }
        var run = Sample.run(
            dag, 1, runID: text, state: .failed, states: [.failed, .upstreamFailed], reason: text,
            conf: .object([text: .string(text)]))
        run = RunDetail(run: run.run, definition: dag, versionNumber: 1, tasks: run.tasks)
        let instance = run.tasks[0].instance
        var history = FakeHistory(
            details: [Sample.detail(dag, runs: [run], source: text)], runDetails: [run],
            taskOutputs: [instance: [TaskOutput(key: text, value: .string(text))]],
            problems: [
                ImportErrorRecord(
                    file: text,
                    diagnostics: [
                        Diagnostic(at: SourcePlace(file: text, line: 1, column: 2), keyPath: text, text, hint: text)
                    ])
            ],
            health: Sample.health())
        history.backfillRecords = [Self.backfill(dag.id, by: text)]
        let site = try TestSite(history, notice: text, logs: folder)
        let log = site.site.logs.path(dag: dag.id, runID: text, task: instance.task, tryNumber: 2)
        try FileManager.default.createDirectory(
            atPath: String(log[..<(try #require(log.lastIndex(of: "/")))]), withIntermediateDirectories: true)
        try Data("the log: \(text)\n".utf8).write(to: URL(filePath: log))

        let pages = [
            "/", "/?q=" + PageLink.encoded(text), "/backfills", PageLink.dag(dag.id), PageLink.run(dag.id, text),
            PageLink.task(dag.id, text, instance, tryNumber: 2), "/dags/" + PageLink.encoded(text + "?"),
        ]
        for page in pages {
            let reply = try await site.get(page)
            #expect(reply.status == (page == pages.last ? 404 : 200))
            let markup = Self.withoutOwnMarkup(reply.text)
            #expect(!markup.contains("<script>"))
            #expect(!markup.contains("<img"))
            #expect(!reply.text.utf8.contains(0))
            #expect(Self.quotesAreBalanced(reply.text), "\(page)")
        }
        let shown = try await site.get(pages[5]).text
        #expect(shown.contains("the log: " + HTMLText.escaped(LogText.plain(text))))
        let whole = try await site.get(PageLink.log(dag.id, text, instance, tryNumber: 2))
        #expect(whole.contentType == "text/plain; charset=utf-8")
        guard case .log(let log) = whole.body else {
            Issue.record("the whole log is no log")
            return
        }
        #expect(try await log.tail().text == "the log: \(text)\n")
    }

    @Test("every link of a page leads to a page", arguments: texts)
    func links(text: String) async throws {
        let dag = Sample.dag(text, tasks: [(text, [])])
        let run = Sample.run(dag, 1, runID: text, state: .failed, states: [.failed])
        let history = FakeHistory(
            details: [Sample.detail(dag, runs: [run])], runDetails: [run], health: Sample.health())
        let site = try TestSite(history)
        for page in ["/", PageLink.dag(dag.id), PageLink.run(dag.id, text)] {
            let bytes = try await site.get(page).text
            for part in bytes.split(separator: "href=\"").dropFirst() {
                let link = String(part.prefix { $0 != "\"" }).replacing("&amp;", with: "&")
                guard link.hasPrefix("/") else { continue }
                #expect(try await site.get(link).status == 200, "\(link)")
            }
        }
    }

    @Test("are escaped by bytes, not by characters")
    func bytes() {
        #expect(HTMLText.escaped("\"\u{301}<\u{338}&'>\u{0}") == "&quot;\u{301}&lt;\u{338}&amp;&#39;&gt;\u{FFFD}")
    }

    @Test("terminal sequences of a log are left out")
    func terminal() {
        #expect(
            LogText.plain("\u{1B}[1;31mred\u{1B}[0m\r\n50%\r100%\u{1B}]0;title\u{7}\n\u{8}")
                == "red\n50%\n100%\n\u{FFFD}")
    }

    private static func backfill(_ dag: DAGID, by: String) -> BackfillRecord {
        BackfillRecord(
            id: BackfillID(rawValue: 3), dag: dag, from: Sample.now - .seconds(86_400), to: Sample.now,
            reprocess: .failed, maxActive: 4, conf: .object([:]), state: .running, total: 24, created: 5, skipped: 2,
            createdAt: Sample.now, triggeredBy: by)
    }

    private static func withoutOwnMarkup(_ html: String) -> String {
        html.replacing("<script src=\"/page.js\" defer></script>", with: "")
    }

    /// Whether, read byte by byte as a browser does, no tag holds an unquoted attribute that only a broken-out value
    /// could have left, such as an event handler.
    private static func quotesAreBalanced(_ html: String) -> Bool {
        var inTag = false
        var inValue = false
        var outside: [UInt8] = []
        for byte in html.utf8 {
            switch byte {
            case UInt8(ascii: "\"") where inTag: inValue.toggle()
            case UInt8(ascii: "<") where !inValue: inTag = true
            case UInt8(ascii: ">") where !inValue: inTag = false
            default: if inTag, !inValue { outside.append(byte) }
            }
        }
        let text = String(decoding: outside, as: UTF8.self)
        return !inTag && !inValue && !text.contains("onerror") && !text.contains("onmouseover")
    }
}
