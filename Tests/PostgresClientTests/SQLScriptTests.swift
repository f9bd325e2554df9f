import Testing

@testable import PostgresClient

@Suite("SQL scripts") struct SQLScriptTests {
    @Test(
        "statements are counted whatever they quote",
        arguments: [
            ("", 0), (" ; ;\n-- nothing;\n/* a; /* b; */ c; */", 0), ("SELECT 1", 1), ("SELECT 1;", 1),
            ("SELECT 1; SELECT 2", 2), ("SELECT ';', 'it''s;', \"a;b\", E'\\';', e'\\\\'; SELECT 2", 2),
            ("DO $$ BEGIN; END; $$; SELECT 2", 2), ("DO $a$ $$ ; $b$ ; $a$; SELECT $1; SELECT a$b$; SELECT $2", 4),
            ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", 2), ("SELECT 'open; SELECT 2", 1),
            ("SELECT 'abc\\'; SELECT 2", 2), ("SELECT 5-3; -- end", 1), ("SELECT $x$never closed;", 1),
        ])
    func count(sql: String, expected: Int) {
        #expect(SQLScript.statementStarts(sql)?.count == expected)
    }

    @Test("a body whose semicolons only the grammar understands is not guessed at")
    func atomic() {
        #expect(
            SQLScript.statementStarts("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END") == nil)
    }

    @Test("a statement begins at its first token, behind comments")
    func lines() throws {
        let sql = "SELECT 1;\n\n-- ümlaut\nSELECT 2;"
        let starts = try #require(SQLScript.statementStarts(sql))
        #expect(starts.map { SQLScript.line(ofOffset: $0, in: sql) } == [1, 4])
    }
}
