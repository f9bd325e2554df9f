import DAGModel
import Execution
import PostgresClient
import Testing

@testable import Operators

@Suite("SQL texts")
struct SQLScriptTests {
    @Test(
        "a text is split where psql would split it",
        arguments: [
            ("", []),
            (" ; ;\n-- nothing\n;", []),
            ("select 1", ["select 1"]),
            ("select 1; select 2;", ["select 1", "select 2"]),
            ("select ';'; select \"a;b\" from t", ["select ';'", "select \"a;b\" from t"]),
            ("select 'it''s; one'; x", ["select 'it''s; one'", "x"]),
            (#"select E'\';'; select '\'; x"#, [#"select E'\';'"#, #"select '\'"#, "x"]),
            ("select $$a;b$$; select $t$ $$;$$ ;$t$; x", ["select $$a;b$$", "select $t$ $$;$$ ;$t$", "x"]),
            ("select $1; select a$b$c; x", ["select $1", "select a$b$c", "x"]),
            ("select 1 /* a; /* b; */ c; */; -- d; e\nselect 2", ["select 1", "select 2"]),
            (
                "create rule r as on insert to t do (delete from a; delete from b); x",
                [
                    "create rule r as on insert to t do (delete from a; delete from b)", "x",
                ]
            ),
            (
                "create or replace function f() returns int begin atomic select 1; select case when a then b end; end; x",
                [
                    "create or replace function f() returns int begin atomic select 1; select case when a then b end; end",
                    "x",
                ]
            ),
            ("select 'begin atomic'; begin; atomic; end", ["select 'begin atomic'", "begin", "atomic", "end"]),
            ("select 'open; end", ["select 'open; end"]),
            ("select 1 /* open; end", ["select 1"]),
            ("select 'ü;'; é", ["select 'ü;'", "é"]),
            ("select U&'a;'; select B'1'; select n'x;'", ["select U&'a;'", "select B'1'", "select n'x;'"]),
        ] as [(String, [String])])
    func split(sql: String, expected: [String]) {
        #expect(SQLScript.split(sql).map(\.text) == expected)
    }

    @Test("each statement knows its line")
    func lines() {
        let sql = "-- head\n\nselect 1;\n/* a\nb */ select '\n';  select\n3"
        #expect(SQLScript.split(sql).map(\.line) == [3, 5, 6])
    }

    @Test(
        "statements that control the transaction are known",
        arguments: [
            ("begin", true), ("START TRANSACTION", true), ("commit and chain", true), ("END", true), ("rollback", true),
            ("rollback to savepoint a", false), ("rollback work to a", false), ("savepoint a", false),
            ("prepare transaction 'x'", true), ("prepare p as select 1", false), ("select 1", false), ("abort", true),
        ])
    func control(sql: String, expected: Bool) {
        #expect(SQLScript.split(sql).first?.controlsTransaction == expected)
    }

    private func bind(_ sql: String, _ parameters: JSONValue?) throws -> (String, Int) {
        let bound = try SQLParameters(parameters).bind(sql)
        return (bound.sql, bound.values.count)
    }

    @Test(
        "placeholders become numbered parameters in code alone",
        arguments: [
            ("select %(a)s", ["a": 1], "select $1", 1),
            ("select %(a)s, %(b)s, %(a)s", ["a": 1, "b": 2], "select $1, $2, $3", 3),
            ("select %(a)s1, %(a)s::int", ["a": 1], "select $1 1, $2::int", 2),
            (
                "select '%(a)s', \"%(a)s\" -- %(a)s\n/* %(a)s */ %(a)s", ["a": 1],
                "select '%(a)s', \"%(a)s\" -- %(a)s\n/* %(a)s */ $1", 1
            ),
            (
                "select E'\\'%(a)s', $$%(a)s$$, $x$%(a)s$x$ + %(a)s", ["a": 1],
                "select E'\\'%(a)s', $$%(a)s$$, $x$%(a)s$x$ + $1", 1
            ),
            ("select 5 %% 2, 'a%%', 7 % 2 + %(a)s", ["a": 1], "select 5 % 2, 'a%', 7 % 2 + $1", 1),
            ("select 'a%%' || %(a)s, 5 %% 2", nil, "select 'a%%' || %(a)s, 5 %% 2", 0),
            ("select %(a)s, 5 % 2", [:], "select %(a)s, 5 % 2", 0),
            ("select %s, %s", [1, "x"], "select $1, $2", 2),
            ("select 1", [1, 2], "select 1", 0),
            ("select %(größe)s", ["größe": 1], "select $1", 1),
        ] as [(String, JSONValue?, String, Int)])
    func placeholders(sql: String, parameters: JSONValue?, expected: String, count: Int) throws {
        let (text, bound) = try bind(sql, parameters)
        #expect(text == expected)
        #expect(bound == count)
    }

    @Test(
        "a placeholder without a value is named",
        arguments: [
            (
                "select %(markt)s", ["market": 1],
                "the SQL uses %(markt)s, and parameters has only market; did you mean \"market\"?"
            ),
            ("select %s", ["a": 1], "the SQL uses %s, so parameters must be a list"),
            ("select %(a)s", [1], "the SQL uses %(a)s, so parameters must be a mapping"),
            ("select %s, %s", [1], "the SQL has more %s than parameters has values (1)"),
            ("select %s", [1, 2], "the statement has 1 times %s, and parameters has 2 values"),
            ("select %(a)d", ["a": 1], "the placeholder %(a) must end in s"),
        ] as [(String, JSONValue, String)])
    func missing(sql: String, parameters: JSONValue, message: String) {
        #expect { try bind(sql, parameters) } throws: { "\($0)".hasPrefix(message) }
    }

    @Test("lists become arrays, or JSON before a cast to it")
    func lists() throws {
        #expect(SQLValue.arrayText([1, "a\"b\\", nil, true, [2.5], "x,y"]) == #"{1,"a\"b\\",NULL,t,{2.5},"x,y"}"#)
        let bound = try SQLParameters(["a": [1, "x"]]).bind("select %(a)s, %(a)s::jsonb, %(a)s :: int[]")
        #expect(bound.values.compactMap { ($0 as? UntypedText)?.text } == [#"{1,"x"}"#, #"[1, "x"]"#, #"{1,"x"}"#])
    }

    @Test("numeric columns keep their digits")
    func numerics() {
        let json = #"[[1,-0.10,"5,[",null,{"a":[1.5]},1e-7],[2,3,"\"4",5.50,6,-7]]"#
        let quoted = SQLRows.quotingNumerics(json, [false, true, false, true, false, true])
        #expect(
            quoted
                == #"[[1,"-0.10","5,[",null,{"a":[1.5]},"1e-7"],[2,"3","\"4","5.50",6,"-7"]]"#)
        #expect(SQLRows.quotingNumerics("[]", [true]) == "[]")
    }
}
