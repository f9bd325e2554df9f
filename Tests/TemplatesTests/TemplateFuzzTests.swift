import DAGModel
import SeededRandom
import Templates
import Testing

@Suite("Template fuzzing", .timeLimit(.minutes(1))) struct TemplateFuzzTests {
    private static let pieces = [
        "{{", "}}", "{%", "%}", "{#", "#}", "raw", "endraw", "-", " ", "'", "\"", "ds", "params", ".", "[", "]", "(",
        ")",
        "|", "join", "default", "is", "not", "if", "else", "**", "//", "~", "9", "0x", "\\", "\n", "é", ":", ",", "{",
        "}",
        "logical_date", "strftime", "macros.ds_add", "=", "in", "1e9", "replace", "{% if ds %}", "{% endif %}",
        "{% for i in params.list %}", "{% endfor %}", "{% set x = ", "{% endset %}", "loop.index", "namespace",
        "range(9)",
        "{% else %}", "map('upper')", "batch", "groupby", "elif", "with", "do", "append", "x",
    ]

    @Test("any text is read or refused, within bounds")
    func random() throws {
        var generator = SeededGenerator(seed: 20_260_101)
        let context = try TemplateContext.sample()
        var rendered = 0
        for _ in 0..<10_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...24, using: &generator) {
                text += Self.pieces.randomElement(using: &generator) ?? ""
            }
            if let result = try? Template(parsing: text).render(context) {
                rendered += 1
                #expect(result.utf8.count <= Template.maximumOutput)
            }
        }
        #expect(rendered > 0)
    }

    @Test("templates that work, changed at random, are read or refused, within bounds")
    func mutated() throws {
        var generator = SeededGenerator(seed: 20_260_102)
        let context = try TemplateContext.sample()
        let vectors = try JinjaVector.load("statements.jsonl").filter { $0.text != nil }.map { Array($0.template.utf8) }
        var rendered = 0
        for _ in 0..<10_000 {
            guard var bytes = vectors.randomElement(using: &generator) else { return }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0 where place < bytes.count: bytes.remove(at: place)
                case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 32..<127, using: &generator)
                case 2:
                    let piece = Self.pieces.randomElement(using: &generator) ?? ""
                    bytes.insert(contentsOf: piece.utf8, at: place)
                default:
                    let end = min(place + Int.random(in: 0...12, using: &generator), bytes.count)
                    bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
                }
            }
            if let result = try? Template(parsing: String(decoding: bytes, as: UTF8.self)).render(context) {
                rendered += 1
                #expect(result.utf8.count <= Template.maximumOutput)
            }
        }
        #expect(rendered > 0)
    }
}
