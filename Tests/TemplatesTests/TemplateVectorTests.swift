import CivilTime
import DAGModel
import FoundationEssentials
import Templates
import Testing

/// What Jinja 3.1.6 made of each template, set up as Airflow does, computed once by `Fixtures/generate.py`.
struct JinjaVector: Decodable, Sendable, CustomTestStringConvertible {
    let template: String
    /// The rendered text; nil where Jinja raised `error`.
    let text: String?
    let error: String?

    var testDescription: String { template }

    static func load(_ name: String) throws -> [JinjaVector] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(JinjaVector.self, from: Data($0.utf8))
        }
    }
}

extension TemplateContext {
    /// The context that the vectors were computed in.
    static func sample() throws -> TemplateContext {
        let start = try #require(Timestamp(iso8601: "2026-01-31T23:05:09Z"))
        let end = try #require(Timestamp(iso8601: "2026-02-01T00:05:09.25Z"))
        let params = try JSONValue(
            parsing: #"""
                {"x": 5, "name": "upbit krw", "list": [3, 1, 2], "words": ["b", "A", "c"],
                 "nested": {"a": {"b": [10, 20]}, "z": null}, "f": 2.5, "flag": true, "empty": "", "none": null,
                 "text": "  padded\ttext ", "html": "<a href='x'>&\"</a>", "uni": "가나다 é",
                 "rows": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]}
                """#)
        let variables = ["plain": "value", "cfg": #"{"k": {"deep": [1, 2]}}"#]
        let outputs: [OutputRequest: JSONValue] = [
            OutputRequest(task: TaskID("up")): ["rows": 7, "ids": [1, 2]],
            OutputRequest(task: TaskID("up"), key: "n"): 3, OutputRequest(task: TaskID("other")): "text",
        ]
        let connection = ConnectionFacts(
            type: "postgresql", host: "db.example", port: 5432, login: "me", password: "s3cret", schema: "market",
            extra: ["sslmode": "require"], url: "postgresql://me:s3cret@db.example:5432/market?sslmode=require")
        return TemplateContext(
            dag: DAGFacts(id: DAGID("d1"), tags: ["a", "b"]),
            task: TaskFacts(id: TaskID("t1"), retries: 2, tryNumber: 3),
            run: RunFacts(
                id: "scheduled__2026-01-31", type: .scheduled, logicalDate: start,
                dataInterval: DataInterval(start: start, end: end), conf: ["a": "A", "n": 7]),
            params: params.objectValue ?? [:], variable: { variables[$0] }, output: { outputs[$0] },
            connection: { $0 == "db" ? connection : nil })
    }
}

@Suite("Templates against Jinja") struct TemplateVectorTests {
    @Test(
        "render and fail as Jinja does",
        arguments: try JinjaVector.load("jinja.jsonl") + JinjaVector.load("statements.jsonl"))
    func vector(_ vector: JinjaVector) throws {
        let context = try TemplateContext.sample()
        if let expected = vector.text {
            let template = try Template(parsing: vector.template)
            #expect(try template.render(context) == expected)
        } else {
            #expect(throws: TemplateError.self) { try Template(parsing: vector.template).render(context) }
        }
    }
}
