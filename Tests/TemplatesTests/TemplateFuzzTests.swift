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
        "9223372036854775807", "(-9223372036854775807 - 1)", "1e300", ".remove(", ".insert(", ".pop(", ".ljust(",
        ".center(",
        ".zfill(", ".rsplit(", "| pprint", "| round(", "| truncate(", "| filesizeformat", "| slice(", "'%*d' % ",
        "'{:010000,}'.format(", "'{0!r:.0}'.format(", "macros.timedelta(", "microseconds=", "days=", ".add(",
        ".replace(year=",
        ".end_of('century')", ".in_timezone('Asia/Seoul')", "macros.datetime(", "macros.json.dumps(", "separators=",
        "macros.json.loads(", "(1, 'a')", ", ", "ns.x", "{% set ns = namespace(x=1) %}",
        "{% set ns.x = (ns.x, ns.x) %}",
        "{% set ns.x = [ns.x, ns.x] %}", "{% set ns.x = {'a': ns.x, 'b': ns.x} %}", "{% do ns.x.", "{{ ns.x",
        "{{ '%s' % ",
        "{{ logical_date", "{{ [1, [2]]", "('x' * 100000)",
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
