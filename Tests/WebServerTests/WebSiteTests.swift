import CivilTime
import DAGModel
import Execution
import LogFiles
import Logging
import RunStore
import SchedulerCore
import Testing
import Timetables

@testable import WebServer

/// A site over values, asked without a socket.
struct TestSite {
    let site: WebSite

    init(
        _ history: FakeHistory, markets: (any MarketPages)? = nil, models: (any ModelPages)? = nil,
        notice: String? = nil, hasEnded: Bool = false,
        logs: String = "/nonexistent", patience: Duration = .seconds(30), live: (any LiveMarkets)? = nil,
        programLogs: LogSearch? = nil
    ) throws {
        site = try WebSite(
            history: history, markets: markets, models: models, logs: TaskLogDirectory(root: logs), live: live,
            programLogs: programLogs,
            configuration: WebServerConfiguration(
                version: "1.2.3", notice: notice, recordingHasEnded: { hasEnded }, now: { Sample.now },
                patience: patience),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func get(
        _ target: String, method: PageRequest.Method = .get, host: String? = "127.0.0.1:8080", fragment: Bool = false
    ) async throws -> PageReply {
        let request = try #require(
            PageRequest(method: method, target: target, host: host, wantsFragment: fragment))
        return await site.respond(to: request)
    }
}

@Suite("The pages", .timeLimit(.minutes(1)))
struct WebSiteTests {
    private static let dag = Sample.dag("hourly", tasks: [("fetch", []), ("load", ["fetch"])])
    private static let runs = (1...60).map { number in
        Sample.run(dag, Int64(number), state: number == 60 ? .running : .success, hoursAgo: Int64(61 - number))
    }

    private func history() -> FakeHistory {
        FakeHistory(
            details: [Sample.detail(Self.dag, runs: Self.runs)], runDetails: Self.runs, health: Sample.health())
    }

    @Test("notes stand on their run's and their task's page, as text")
    func notes() async throws {
        var history = history()
        history.noteList = [
            Note(task: nil, mapIndex: -1, text: "down <b>again", author: "kim", writtenAt: Sample.now),
            Note(task: TaskID("load"), mapIndex: -1, text: "by hand", author: "lee", writtenAt: Sample.now),
        ]
        let site = try TestSite(history)
        let run = Self.runs[0].run.runID
        let page = try await site.get("/dags/hourly/runs/\(run)").text
        #expect(page.contains("down &lt;b&gt;again"))
        #expect(page.contains("on load, lee"))
        let task = try await site.get("/dags/hourly/runs/\(run)/tasks/load").text
        #expect(task.contains("by hand"))
        #expect(!task.contains("down"))
        let other = try await site.get("/dags/hourly/runs/\(run)/tasks/fetch").text
        #expect(!other.contains("by hand"))
    }

    @Test("the first page lists the DAGs, their last runs and the scheduler")
    func home() async throws {
        let reply = try await TestSite(history()).get("/")
        #expect(reply.status == 200)
        #expect(reply.text.contains("<a href=\"/dags/hourly\">hourly</a>"))
        #expect(reply.text.contains("Scheduler leads."))
        #expect(Self.all(in: reply.text[...], between: "class=\"sq ", and: ">").count == 14)
    }

    @Test(
        "what is not there is a page with status 404",
        arguments: [
            "/nothing", "/dags/none", "/dags/hourly/runs", "/dags/hourly/runs/none", "/dags/hourly/extra",
            "/dags/hourly/runs/none/tasks/fetch", "/market/XYZ", "/health/more",
        ])
    func missing(target: String) async throws {
        let reply = try await TestSite(history()).get(target)
        #expect(reply.status == 404)
        #expect(reply.text.contains("<h1>Not found</h1>"))
    }

    @Test("a try that is not there is a page with status 404")
    func missingTry() async throws {
        let link = PageLink.task(Self.dag.id, Self.runs[0].run.runID, Self.runs[0].tasks[0].instance, tryNumber: 9)
        #expect(try await TestSite(history()).get(link).status == 404)
    }

    @Test("the list of runs is paged by cursor, without gaps or repeats")
    func paging() async throws {
        let site = try TestSite(history())
        var target: String? = "/dags/hourly"
        var seen: [String] = []
        while let next = target {
            let text = try await site.get(next).text
            let list = try #require(text.firstRange(of: "Runs, newest first")).upperBound
            let rest = text[list...]
            seen += Self.all(in: rest, between: "<th scope=\"row\"><a href=\"", and: "\">")
            target = Self.all(in: rest, between: "<a href=\"", and: "#runs\">Older</a>").last.map {
                String($0.split(separator: "\"").last ?? "")
            }
        }
        #expect(seen == Self.runs.reversed().map { PageLink.run(Self.dag.id, $0.run.runID) })
    }

    @Test("a grid shows no more runs than asked for")
    func gridSize() async throws {
        let text = try await TestSite(history()).get("/dags/hourly?runs=50").text
        #expect(Self.all(in: text[...], between: "<a class=\"sq run ", and: ">").count == 50)
        let bounded = try await TestSite(history()).get("/dags/hourly?runs=100000").text
        #expect(Self.all(in: bounded[...], between: "<a class=\"sq run ", and: ">").count == 60)
    }

    @Test("a task that has not started shows no time, not the run's")
    func notStarted() async throws {
        let run = Sample.run(Self.dag, 7, state: .failed, states: [.failed, .upstreamFailed])
        let site = try TestSite(FakeHistory(details: [Sample.detail(Self.dag)], runDetails: [run]))
        let text = try await site.get(PageLink.run(Self.dag.id, run.run.runID)).text
        let row = try #require(Self.all(in: text[...], between: "/tasks/load\">load</a></th>", and: "</tr>").first)
        #expect(row.contains("upstream failed"))
        #expect(!row.contains("<time"))
    }

    @Test("a DAG that the scheduler paused says why, in the list and on its page")
    func pauseReason() async throws {
        let detail = Sample.detail(Self.dag, isPaused: true, pauseReason: "3 runs in a row <failed>")
        let site = try TestSite(FakeHistory(details: [detail]))
        for target in ["/", "/dags/hourly"] {
            let text = try await site.get(target).text
            #expect(text.contains("paused by the scheduler: 3 runs in a row &lt;failed&gt;"))
        }
        let byHand = try TestSite(FakeHistory(details: [Sample.detail(Self.dag, isPaused: true)]))
        #expect(try await !byHand.get("/").text.contains("by the scheduler"))
    }

    @Test("instances of a mapped task go by their names, and tasks show their group")
    func mapped() async throws {
        var dag = Self.dag
        dag.tasks[1].group = "refine"
        let whole = Sample.run(dag, 7, state: .success)
        let tasks = whole.tasks.enumerated().map { place, task in
            TaskStatus(
                instance: TaskInstanceKey(
                    run: task.instance.run, task: task.instance.task, mapIndex: place == 1 ? 4 : -1),
                state: task.state, tryNumber: task.tryNumber, maxTries: task.maxTries, startDate: task.startDate,
                endDate: task.endDate, retryAt: nil, reason: nil, mapName: place == 1 ? "KRW-<ETH>" : nil,
                tries: task.tries)
        }
        let run = RunDetail(run: whole.run, definition: dag, versionNumber: 1, tasks: tasks)
        let site = try TestSite(FakeHistory(details: [Sample.detail(dag)], runDetails: [run]))
        let page = try await site.get(PageLink.run(dag.id, run.run.runID)).text
        let group = "<span class=\"tag\" title=\"task group\">refine</span>"
        #expect(page.contains(">load[4] KRW-&lt;ETH&gt;</a> \(group)</th>"))
        #expect(Self.all(in: page[...], between: "title=\"task group\">", and: "<").count == 1)
        // In the chart of times, and over its tries.
        #expect(Self.all(in: page[...], between: ">load[4] KRW-&lt;ETH&gt;", and: ">").count == 3)
        let one = try await site.get(PageLink.task(dag.id, run.run.runID, tasks[1].instance)).text
        #expect(one.contains("<h1 class=\"long\">load[4] KRW-&lt;ETH&gt;") && one.contains(group))
        #expect(try await site.get("/dags/hourly").text.contains(group))
    }

    @Test("broken documents are shown with place and advice, warnings apart, each list bounded")
    func importErrors() async throws {
        let place = SourcePlace(file: "bad.yaml", line: 7, column: 5)
        let many = (0..<30).map { _ in Diagnostic(at: place, keyPath: "tasks[2]", "unknown attribute", hint: "needs") }
        var history = FakeHistory(problems: [ImportErrorRecord(file: "bad.yaml", diagnostics: many)])
        let text = try await TestSite(history).get("/").text
        #expect(text.contains("1 broken document: the other DAGs run"))
        #expect(text.contains("<code>7:5</code>"))
        #expect(text.contains("and 10 more: cryptoflow dag validate bad.yaml"))
        history.problems = [
            ImportErrorRecord(file: "odd.yaml", diagnostics: [Diagnostic(.warning, at: place, "an odd attribute")])
        ]
        #expect(try await TestSite(history).get("/").text.contains("Documents with warnings"))
    }

    @Test("many DAGs come in pages")
    func manyDAGs() async throws {
        let names = (0..<250).map { "dag_\(1_000 + $0)" }
        let site = try TestSite(FakeHistory(details: names.map { Sample.detail(Sample.dag($0), runs: []) }))
        var seen: [String] = []
        var target: String? = "/?q=dag"
        while let next = target {
            let text = try await site.get(next).text
            seen += Self.all(in: text[...], between: "<tr data-name=\"", and: "\"")
            target = Self.all(in: text[...], between: "<a href=\"", and: "\">Next</a>").last
                .map { String($0.split(separator: "\"").last ?? "").replacing("&amp;", with: "&") }
        }
        #expect(seen == names)
    }

    @Test("what became of due instants is told where a schedule has times")
    func dueInstants() async throws {
        let once = Sample.dag("once", timetable: .once)
        let manual = Sample.dag("manual", timetable: .null)
        let site = try TestSite(FakeHistory(details: [Sample.detail(once), Sample.detail(manual)]))
        #expect(try await site.get("/dags/once").text.contains("No instant of its schedule has come yet."))
        #expect(try await !site.get("/dags/manual").text.contains("Due instants"))
    }

    @Test("a fragment is the content without its frame")
    func fragment() async throws {
        let text = try await TestSite(history()).get("/dags/hourly", fragment: true).text
        #expect(text.contains("data-live=\"dag\""))
        #expect(!text.contains("<html"))
    }

    @Test("the filter keeps what matches and says when nothing does")
    func filter() async throws {
        let site = try TestSite(history())
        #expect(try await site.get("/?q=HOUR").text.contains("href=\"/dags/hourly\""))
        let none = try await site.get("/?q=%3Cb%3E").text
        #expect(none.contains("No DAG matches “&lt;b&gt;”") && !none.contains("<table"))
    }

    @Test(
        "every page shows the notice, and that the recording has ended",
        arguments: ["/", "/backfills", "/market", "/dags/hourly", "/nothing"])
    func notice(target: String) async throws {
        let running = try await TestSite(history(), notice: "recorded data: candles of 2024").get(target).text
        #expect(running.contains("recorded data: candles of 2024"))
        #expect(!running.contains("the recording has ended"))
        let ended = try await TestSite(history(), notice: "recorded data: 2024", hasEnded: true).get(target).text
        #expect(ended.contains("recorded data: 2024 — the recording has ended"))
    }

    @Test("a database that is down is said with status 503", arguments: ["/", "/dags/hourly", "/backfills"])
    func unavailable(target: String) async throws {
        var history = history()
        history.failure = Outage()
        let reply = try await TestSite(history, notice: "recorded data").get(target)
        #expect(reply.status == 503)
        #expect(reply.text.contains("The database does not answer"))
        #expect(reply.text.contains("recorded data"))
        #expect(reply.headers.contains { $0.name == "Retry-After" })
    }

    @Test("a history that cannot be read is said with status 500")
    func corrupt() async throws {
        var history = history()
        history.failure = RunStoreError.corrupt("the conf of run 7 is no JSON")
        #expect(try await TestSite(history).get("/").status == 500)
    }

    @Test("a database that hangs does not hold a page for ever")
    func hang() async throws {
        var history = history()
        history.hangs = true
        #expect(try await TestSite(history, patience: .milliseconds(1)).get("/").status == 503)
    }

    @Test("nothing but reading is possible")
    func readOnly() async throws {
        let reply = try await TestSite(history()).get("/", method: .other)
        #expect(reply.status == 405)
        #expect(reply.headers.contains { $0.name == "Allow" && $0.value == "GET, HEAD" })
    }

    private static func all(in text: Substring, between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = text
        while let head = rest.firstRange(of: start), let tail = rest[head.upperBound...].firstRange(of: end) {
            found.append(String(rest[head.upperBound..<tail.lowerBound]))
            rest = rest[head.upperBound...]
        }
        return found
    }
}

/// A lost connection, as far as a page can tell.
struct Outage: Error, CustomStringConvertible {
    let description = "connection refused"
}
