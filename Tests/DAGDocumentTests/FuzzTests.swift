import DAGModel
import SeededRandom
import Testing

@testable import DAGDocument

@Suite("Mutated documents") struct FuzzTests {
    private static let seeds: [String] = [
        document(
            """
            schedule: {uses: cryptoflow.timetables.AssetTriggered, with: {all: [a, {any: [b]}], cron: '0 0 * * *'}}
            start_date: 2026-01-01T00:00:00+09:00
            timezone: Asia/Seoul
            dst: {gap: skip, overlap: last}
            default_args: {retries: 2, owner: me}
            templates: {a: {pool_slots: 2}, b: {extends: [a], with: {env: {X: 'y'}}}}
            params: &p {n: 0x1F, f: .5, s: "q\\u00e9", l: [1, ~, true]}
            tags: [x, y]
            tasks:
              - &t {id: one, extends: [b], uses: bash, with: {bash_command: {$t: "{{ ds }} {{ params.n | int }}"}}}
              - {<<: *t, id: two, needs: [one], retry_delay: 1h30m}
              - id: three
                run: {x: {$x: {task: two, key: k}}, c: {$const: {$x: y}}, f: {$f: a/b.sql}}
                expand: {z: {$x: one}}
            """),
        document(
            "schedule: '*/5 * * * 1-5'\ntasks:\n- id: a\n  uses: sql\n  with:\n    sql: |\n      SELECT 1;\n      -- x\n"
        )
            + "---\n# none\n---\n%TAG ! !x\n" + document("tasks: []\n") + "...\n",
    ]

    private static let pieces = [
        "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "'", "\"", "|", ">", "&a ", "*a", "*p", "<<: *t",
        "!!str ", "!x ",
        "$x", "$t: ", "{{", "}}", "---\n", "...\n", "%YAML 1.2\n", "\u{FEFF}", "\r", "#", "~", "\u{2028}", "? ", ",",
        "@", "`",
        "0x", "1e999", "-.inf", "needs: [one, two, three]", "extends: [b]", "id: one", "templates", "uses", "\0",
        "\u{7F}",
    ]

    @Test("neither crash nor hang", arguments: 0..<8)
    func mutate(round: Int) {
        var generator = SeededGenerator(seed: UInt64(round) &* 7919 &+ 17)
        let loader = DocumentLoader.sample()
        for _ in 0..<400 {
            var bytes = Array((Self.seeds.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0:
                    bytes.insert(
                        contentsOf: Array((Self.pieces.randomElement(using: &generator) ?? "").utf8), at: position)
                case 1:
                    let end = min(position + Int.random(in: 1...40, using: &generator), bytes.count)
                    bytes.removeSubrange(position..<end)
                case 2: if position < bytes.count { bytes[position] = UInt8.random(in: 0...255, using: &generator) }
                case 3:
                    let end = min(position + Int.random(in: 1...200, using: &generator), bytes.count)
                    bytes.insert(contentsOf: Array(bytes[position..<end]), at: position)
                default: bytes = Array(bytes.prefix(position))
                }
            }
            let file = loader.load(bytes: bytes, file: "f.yaml")
            #expect(file.diagnostics.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 })
            _ = PortabilityCheck.problems(bytes: bytes, file: "f.yaml", catalog: sampleCatalog)
        }
    }

    @Test("long chains and wide documents take bounded time")
    func large() {
        var chain = "tasks:\n- {id: t0, uses: empty}\n"
        for index in 1..<8000 { chain += "- {id: t\(index), uses: empty, needs: [t\(index - 1)]}\n" }
        #expect(DocumentLoader.sample().load(text: document(chain)).dags.count == 1)
        var wide = "params:\n"
        for index in 0..<40_000 { wide += "  k\(index): \(index)\n" }
        #expect(DocumentLoader.sample().load(text: document(wide)).dags.count == 1)
        let openings = String(repeating: "{% raw %}{%", count: 40_000)
        #expect(
            DocumentLoader.sample().load(text: document("tasks: [{id: t, run: {a: {$t: '\(openings)'}}}]\n")).hasErrors)
    }
}
