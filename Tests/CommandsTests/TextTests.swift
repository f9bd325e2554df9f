import DAGModel
import Synchronization
import Testing

@testable import Commands

@Suite("Text for terminals") struct TextTests {
    @Test("columns align, and lines end without blanks")
    func table() {
        var table = TextTable(.init("DAG"), .init("TOOK", .right), .init("REASON"))
        table.add("candles_1h", "3s", "")
        table.add("x", "12m 1s", "why")
        #expect(
            table.text(isColourful: false) == """
                DAG           TOOK  REASON
                candles_1h      3s
                x           12m 1s  why
                """)
    }

    @Test("wide characters count for two columns")
    func wide() {
        var table = TextTable(.init("A"), .init("B"))
        table.add("비트", "1")
        table.add("abcd", "2")
        #expect(
            table.text(isColourful: false).split(separator: "\n").map(String.init) == ["A     B", "비트  1", "abcd  2"])
    }

    @Test("in a narrow terminal the longest texts take several lines, broken at blanks, and ids stay whole")
    func narrow() {
        var table = TextTable(.init("RUN"), .init("WHY"), .init("N", .right))
        table.add("manual__2026-11-21", "the pool is full and nobody ends", "7")
        table.add("r", "", "10")
        #expect(
            table.text(isColourful: false, width: 40) == """
                RUN                 WHY                N
                manual__2026-11-21  the pool is full   7
                                    and nobody ends
                r                                     10
                """)
        #expect(table.text(isColourful: false, width: 10).contains("manual__2026-11-21  "))
        #expect(table.text(isColourful: false, width: nil).split(separator: "\n").count == 3)
    }

    @Test(
        "a text is cut to columns, wide characters counted as two", arguments: [("비트코인", 5, "비트…"), ("abc", 3, "abc")])
    func cut(text: String, columns: Int, expected: String) {
        #expect(DisplayText.cut(text, to: columns) == expected)
    }

    @Test("a line of progress stays within the terminal")
    func progress() throws {
        let written = Mutex("")
        let console = Console(showsProgress: true, width: { _ in 20 }) { _, text in written.withLock { $0 += text } }
        try ProgressLine(console).show("run manual__2026-11-21T10:00:00+00:00 running")
        #expect(written.withLock { $0 } == "\r\u{1B}[2Krun manual__2026-1…")
    }

    @Test("colour does not move columns")
    func colour() {
        var table = TextTable(.init("A"), .init("B"))
        table.add(.init("ok", .good), "1")
        #expect(table.text(isColourful: true).hasSuffix("\u{1B}[32mok\u{1B}[0m  1"))
    }

    @Test("control characters from outside become blanks")
    func control() {
        #expect(TextTable.Cell("a\u{1B}[2Jb\nc\u{9B}d").text == "a [2Jb c d")
    }

    @Test("JSON is indented, with sorted keys")
    func json() {
        let value: JSONValue = ["b": [1, ["c": nil]], "a": "x\"y", "e": [], "f": .object([:])]
        #expect(
            value.prettyText == """
                {
                  "a": "x\\"y",
                  "b": [
                    1,
                    {
                      "c": null
                    }
                  ],
                  "e": [],
                  "f": {}
                }
                """)
    }

    @Test("YAML nests lists and mappings")
    func yaml() {
        let value: JSONValue = [
            ["dag_id": "x", "runs": [["a": 1, "b": [true]], []], "z": .object([:])], ["k": nil], [[1, 2]], 1.5,
        ]
        #expect(
            value.yamlText == """
                - dag_id: x
                  runs:
                    - a: 1
                      b:
                        - true
                    - []
                  z: {}
                - k: null
                -
                  -
                    - 1
                    - 2
                - 1.5

                """)
    }

    @Test(
        "text that YAML could take for something else is quoted",
        arguments: [
            ("plain text", "plain text"), ("yes", "\"yes\""), ("NULL", "\"NULL\""), ("12", "\"12\""),
            ("1e3", "\"1e3\""),
            ("2026-01-01", "\"2026-01-01\""), ("", "\"\""), ("- a", "\"- a\""), ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("~", "\"~\""), (" a", "\" a\""), ("a ", "\"a \""), ("@once", "\"@once\""), ("*x", "\"*x\""),
            ("비트코인", "비트코인"),
            ("a\tb", "\"a\\tb\""), ("\u{85}", "\"\\u0085\""), (".inf", "\".inf\""), ("dags/a.yaml", "dags/a.yaml"),
        ])
    func yamlScalars(text: String, expected: String) {
        #expect(JSONValue.string(text).yamlText == expected + "\n")
    }

    @Test("text of several lines is a literal block with its own end kept")
    func yamlBlocks() {
        #expect(JSONValue.object(["t": "a\nb"]).yamlText == "t: |-\n  a\n  b\n")
        #expect(JSONValue.object(["t": "a\nb\n"]).yamlText == "t: |\n  a\n  b\n")
        #expect(JSONValue.object(["t": "a\n\n b\n\n"]).yamlText == "t: |+\n  a\n\n   b\n\n")
        #expect(JSONValue.object(["t": " a\nb"]).yamlText == "t: \" a\\nb\"\n")
        #expect(JSONValue.object(["t": "a\r\nb"]).yamlText == "t: \"a\\r\\nb\"\n")
    }
}
