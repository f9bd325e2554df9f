import CivilTime
import Testing

@testable import WebServer

@Suite("The model pages", .timeLimit(.minutes(1)))
struct ModelPagesTests {
    private static let change = ModelChange(
        at: Sample.now - .seconds(7_200), model: 2, modelName: "two", replaced: nil, replacedName: nil, actor: "kim",
        reason: "better", isRollback: false)

    private let models = FakeModels(
        facts: [
            Sample.model(3, name: "three", verdict: .notBetter), Sample.model(2, name: "two", isInUse: true),
            Sample.model(1, name: "one", verdict: .notJudged),
        ], history: [change])

    private func get(_ target: String, _ models: FakeModels?) async throws -> PageReply {
        try await TestSite(FakeHistory(), models: models).get(target)
    }

    @Test("the list shows verdicts, the model in use and who put it there")
    func list() async throws {
        let text = try await get("/models", models).text
        #expect(text.contains("In use: <a href=\"/models/2\"><strong>two</strong></a> since"))
        #expect(text.contains("by kim: better"))
        #expect(text.contains(">not better</span>") && text.contains(">not judged</span>"))
        #expect(text.contains("0.00502") && text.contains("Promotions and rollbacks"))
        #expect(text.contains("<a href=\"/models\" aria-current=\"page\">Models</a>"))
        #expect(!text.contains("No model is in use"))
    }

    @Test("without a model the list says that forecasts are naive; after a rollback to none too")
    func none() async throws {
        let empty = try await get("/models", FakeModels()).text
        #expect(empty.contains("No model is in use: forecasts are naive.") && empty.contains("No model yet"))
        #expect(try await get("/models", nil).text.contains("This database has no models."))
        var undone = models
        undone.history.insert(
            ModelChange(
                at: Sample.now, model: nil, modelName: nil, replaced: 2, replacedName: "two", actor: "lee",
                reason: "errors doubled", isRollback: true), at: 0)
        let text = try await get("/models", undone).text
        #expect(text.contains("No model is in use") && text.contains(">rollback</span>"))
        #expect(text.contains("naive forecast") && text.contains("errors doubled"))
    }

    @Test("a model shows scores, windows, calibration, features, drift and the run that made it")
    func one() async throws {
        let reply = try await get("/models/2", models)
        #expect(reply.status == 200)
        for text in [
            "Better than the naive forecast", "0.00491", "2026-10-24T22-77b1", "upbit KRW-ETH",
            "id=\"windows-rmse-title\"",
            "id=\"windows-loss-title\"", "id=\"calibration-title\"", "vol_close_24h", "Buy and hold",
            "1 of 2 measures beyond the limit", "max_depth", String(repeating: "ab12", count: 16),
            "/dags/model_retraining/runs/scheduled__2026-11-01T00%3A00%3A00%2B00%3A00",
        ] { #expect(reply.text.contains(text), "\(text)") }
        #expect(try await get("/models/two", models).status == 200)
        #expect(try await get("/models/9", models).status == 404)
        #expect(try await get("/models/2", nil).status == 404)
    }

    @Test("not better than naive reads as a normal outcome, and not judged says why")
    func verdicts() async throws {
        #expect(try await get("/models/3", models).text.contains("That is a normal outcome"))
        var first = Sample.model(3, verdict: .notBetter)
        first.inUse = nil
        let alone = try await get("/models/3", FakeModels(facts: [first])).text
        #expect(alone.contains("Not better than the naive forecast. That is a normal outcome"))
        let text = try await get("/models/1", models).text
        #expect(text.contains("There were too few hours to judge it on.") && !text.contains("Each market"))
    }

    @Test("a bare model without windows, calibration, features, drift and run is still a page")
    func bare() async throws {
        var facts = Sample.model(4, verdict: .notJudged)
        (facts.windows, facts.calibration, facts.features, facts.drift, facts.run) = ([], [], [], [], nil)
        facts.allWindows = nil
        let reply = try await get("/models/4", FakeModels(facts: [facts]))
        #expect(reply.status == 200)
        for text in ["No windows.", "No hours to draw.", "used no feature", "Not checked", "trained by hand"] {
            #expect(reply.text.contains(text), "\(text)")
        }
    }

    @Test("text from outside is escaped wherever it stands")
    func hostile() async throws {
        let evil = "<script>alert(1)</script>\"'"
        var facts = Sample.model(5, name: evil, reason: evil)
        facts.inUseName = evil
        facts.markets = [.init(name: evil, hours: Sample.modelHours(3, rmse: 1))]
        facts.windows[0].from = evil
        facts.features[0].name = evil
        facts.drift[0].detail = evil
        facts.drift[0].subject = evil
        facts.training = [.init(evil, evil)]
        facts.parameters = [.init(evil, evil)]
        facts.run = .init(dag: evil, run: evil, task: evil)
        var change = Self.change
        (change.modelName, change.actor, change.reason) = (evil, evil, evil)
        let hostile = FakeModels(facts: [facts], history: [change])
        for path in ["/models", "/models/5"] {
            let text = try await get(path, hostile).text
            #expect(text.contains("&lt;script&gt;") && !text.contains("<script>"), "\(path)")
        }
    }

    @Test("figures that are no numbers, or all equal, still make plots", arguments: [Double.nan, .infinity, 0, 1e300])
    func absurd(value: Double) {
        var facts = Sample.model()
        for place in facts.windows.indices {
            facts.windows[place].model.rmse = value
            facts.windows[place].naive.rmse = value
            facts.windows[place].model.logLoss = value
        }
        facts.calibration = [.init(from: 0, to: value, rows: 1, meanProbability: value, frequency: 0.5)]
        facts.features[0].useForReturn = value
        let all = [
            WindowPlot.rmse(facts.windows).html.html, WindowPlot.logLoss(facts.windows).html.html,
            CalibrationPlot(bins: facts.calibration).html.html, ImportanceTable(features: facts.features).html.html,
        ]
        for html in all { #expect(Markup.problem(in: html) == nil) }
        for html in all.prefix(3) {
            #expect(!html.split(separator: "=\"").dropFirst().contains { $0.hasPrefix("nan") || $0.hasPrefix("inf") })
        }
    }

    @Test("plots are well-formed, named and described")
    func plots() {
        let facts = Sample.model()
        for html in [
            WindowPlot.rmse(facts.windows).html.html, CalibrationPlot(bins: facts.calibration).html.html,
            WindowPlot.rmse([]).html.html,
        ] {
            #expect(Markup.problem(in: html) == nil)
            #expect(html.contains("role=\"img\"") && html.contains("<title id=") && html.contains("<desc id="))
        }
        let windows = WindowPlot.rmse(facts.windows).html.html
        #expect(windows.split(separator: "<circle class=\"model\"").count == 7)
        #expect(windows.split(separator: "<rect class=\"naive\"").count == 7)
        let calibration = CalibrationPlot(bins: facts.calibration).html.html
        #expect(calibration.split(separator: "<circle").count == 6)
        #expect(calibration.split(separator: "<circle class=\"few\"").count == 2)
        #expect(calibration.contains("class=\"ideal\"") && calibration.contains(">1820</text>"))
    }
}

/// Whether markup nests, for SVG and tables without void elements.
enum Markup {
    /// What is wrong; nil when every element is closed in its place and every attribute is quoted.
    static func problem(in html: String) -> String? {
        var open: [Substring] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return "a tag without end" }
            var tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.contains("<") { return "a tag in a tag: \(tag)" }
            if tag.count(where: { $0 == "\"" }) % 2 != 0 { return "an open quote: \(tag)" }
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return "closed out of turn: \(tag)" }
            } else if tag.hasSuffix("/") {
                tag.removeLast()
            } else {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty ? nil : "left open: \(open)"
    }
}
