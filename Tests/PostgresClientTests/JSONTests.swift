import PostgresClient
import Testing

@Suite("Results as JSON", .timeLimit(.minutes(1))) struct JSONTests {
    @Test("every type has its form in JSON")
    func types() async throws {
        let connection = try await sharedConnection()
        let result = try await connection.json(
            """
            SELECT 1 AS i, 12345678901234567890.10 AS n, 1.5::float8 AS f, 1e300::float8 AS e, 'NaN'::float8 AS nan,
                true AS b, NULL AS nothing, E'q"\\\\\\n\\t\\x01ü' AS t, '{"a": [1]}'::jsonb AS j, ARRAY[1, NULL] AS a,
                '2026-01-01 09:00:00.5+09'::timestamptz AS z, '2026-01-01 09:00'::timestamp AS ts, '2026-01-01'::date AS d,
                'infinity'::timestamptz AS inf, '\\x01ff'::bytea AS x, '1 day'::interval AS iv
            """)
        #expect(
            result.text
                == #"[{"i":1,"n":12345678901234567890.10,"f":1.5,"e":1e+300,"nan":"NaN","b":true,"nothing":null,"#
                + #""t":"q\"\\\n\t\u0001ü","j":{"a": [1]},"a":"{1,NULL}","z":"2026-01-01T00:00:00.500000Z","#
                + #""ts":"2026-01-01T09:00:00","d":"2026-01-01","inf":"infinity","x":"\\x01ff","iv":"1 day"}]"#)
        #expect(result.rowCount == 1)
    }

    @Test("rows are arrays on demand, equal names are told apart, parameters are bound")
    func shapes() async throws {
        let connection = try await sharedConnection()
        let objects = try await connection.json(
            "SELECT $1::int AS a, $2::text AS a FROM generate_series(1, 2)", [1, "x"])
        #expect(objects.text == #"[{"a":1,"a_2":"x"},{"a":1,"a_2":"x"}]"#)
        #expect(objects.columns.map(\.type) == [.int4, .text])
        let arrays = try await connection.json("SELECT 1, 'x'", rows: .arrays)
        #expect(arrays.text == #"[[1,"x"]]"#)
        #expect(try await connection.json("SELECT 1 WHERE false").text == "[]")
    }

    @Test("the result of a script is that of its last statement")
    func scripts() async throws {
        let connection = try await sharedConnection()
        let result = try await connection.json("CREATE TEMP TABLE t (id int); SELECT 1; INSERT INTO t VALUES (1), (2)")
        #expect(result.text == "[]")
        #expect(result.affectedRows == 2)
        #expect(
            try await connection.json("SELECT 1 AS a; SELECT id FROM t ORDER BY id").text == #"[{"id":1},{"id":2}]"#)
        let error = await #expect(throws: PostgresError.self) { try await connection.json("SELECT 1; SELECT 1/0") }
        #expect(error?.statementIndex == 1)
    }

    @Test("a result over the limit is an error, with a statement's rows not read to the end")
    func limit() async throws {
        let connection = try await sharedConnection()
        for (sql, parameters) in [
            ("SELECT generate_series(1, 1000000000), $1::text", ["x"] as [any PostgresValue]),
            ("SELECT ';'; SELECT generate_series(1, 1000000000);", []),
            ("SELECT repeat('x', 600000) FROM generate_series(1, 2)", []),
        ] {
            let error = await #expect(throws: PostgresError.self) { try await connection.json(sql, parameters) }
            #expect(error?.kind == .resultTooLarge)
            #expect(error?.description.contains("1048576 bytes") == true)
        }
        #expect(try await connection.json("SELECT repeat('x', 2000000); SELECT 1 AS a").text == #"[{"a":1}]"#)
        let exact = try await connection.json("SELECT repeat('x', 100) AS a")
        #expect(
            try await connection.json("SELECT repeat('x', 100) AS a", maxBytes: exact.text.utf8.count).text
                == exact.text)
        await #expect(throws: PostgresError.self) {
            try await connection.json("SELECT repeat('x', 100) AS a", maxBytes: exact.text.utf8.count - 1)
        }
    }
}
