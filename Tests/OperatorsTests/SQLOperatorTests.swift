import DAGModel
import Execution
import Operators
import PostgresClient
import TestSupport
import Testing

@Suite("SQL operator", .database, .timeLimit(.minutes(2)))
struct SQLOperatorTests {
    private func workshop(builtIn: Bool = false) throws -> Workshop {
        let url = try #require(TestDatabase.url)
        return builtIn
            ? try Workshop(builtIn: ["warehouse": url]) : try Workshop(connections: ["CRYPTOFLOW_CONN_DB": url])
    }

    private func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(PostgresSettings(url: try #require(TestDatabase.url)))
    }

    private func sql(_ text: String, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        more.merging(["conn_id": "db", "sql": .string(text)]) { given, _ in given }
    }

    @Test("the last result is the output, its values as exact as they were")
    func output() async throws {
        let workshop = try workshop()
        let query = """
            create table t (a int); insert into t values (1), (2);
            select 1::bigint, 0.10::numeric, 1.5::float8, true, null, 'x', '{"k": [1]}'::jsonb, date '2026-01-02',
                   timestamptz '2026-01-02 03:04:05+01', array[1,2], count(*) from t
            """
        let end = await workshop.run("sql", sql(query))
        #expect(end.state == .success, "\(end)")
        #expect(
            end.output == [
                [
                    1, "0.10", 1.5, true, nil, "x", ["k": [1]], "2026-01-02", "2026-01-02T02:04:05Z", "{1,2}", 2,
                ]
            ])
        #expect(workshop.log.contains("statement 2 of 3, line 1: 2 rows"))
        #expect(await workshop.run("sql", sql("select 1 where false")).output == [])
        let silent = await workshop.run("sql", sql("insert into t values (3)"))
        #expect(silent.state == .success && silent.output == .none, "\(silent)")
        let all = await workshop.run("sql", sql("select 1; insert into t values (4); select 2", ["return_last": false]))
        #expect(all.output == [[[1]], nil, [[2]]])
        let one = await workshop.run("sql", sql("select 1, 2", ["handler": "fetch_one_handler"]))
        #expect(one.output == [1, 2])
        #expect(await workshop.run("sql", sql("select 1", ["handler": nil])).output == nil)
        #expect(
            await workshop.run("sql", ["conn_id": "db", "sql": ["select 1", "select 2; select 3"]]).output == [[3]])
    }

    @Test("parameters are bound with the types that literals have")
    func parameters() async throws {
        let parameters: JSONValue = [
            "text": "it's; -- x", "day": "2026-01-02", "n": 5, "x": 1.25, "none": nil, "flag": true, "ids": [1, 2],
            "doc": ["a": 1],
        ]
        let query = """
            select %(text)s, date '2026-01-01' < %(day)s, %(n)s + 1, %(x)s * 2, %(none)s is null, %(text)s is not null,
                   %(flag)s, 2 = any(%(ids)s), %(doc)s::jsonb, %(ids)s::jsonb, %(day)s::date + %(n)s, 'a%%' like 'a%%',
                   coalesce(%(none)s, 'other'), 7 %% 4
            """
        let end = try await workshop().run("sql", sql(query, ["parameters": parameters]))
        #expect(
            end.output == [
                [
                    "it's; -- x", true, 6, "2.50", true, true, true, true, ["a": 1], [1, 2], "2026-01-07", true,
                    "other", 3,
                ]
            ], "\(end)")
        let listed = try await workshop().run("sql", sql("select %s, %s::int", ["parameters": ["a", 2]]))
        #expect(listed.output == [["a", 2]])
        let missing = try await workshop().run("sql", sql("select 1;\nselect %(b)s", ["parameters": ["a": 1]]))
        #expect(
            missing.reason == "statement 2 of 2, line 2: the SQL uses %(b)s, and parameters has only a", "\(missing)")
        #expect(!missing.isRetryable)
    }

    @Test("a failure rolls everything back and names the statement and the line")
    func failure() async throws {
        let workshop = try workshop()
        #expect(await workshop.run("sql", sql("create table t (a int)")).state == .success)
        let end = await workshop.run("sql", sql("insert into t values (1);\n\ninsert into t\n  select nope from t"))
        #expect(end.state == .failed && end.isRetryable)
        #expect(
            end.reason?.hasPrefix("statement 2 of 2, line 4: column \"nope\" does not exist (SQLSTATE 42703)") == true,
            "\(end)")
        #expect(await workshop.run("sql", sql("select count(*) from t")).output == [[0]])
        let each = await workshop.run("sql", sql("insert into t values (1); select 1/0", ["autocommit": true]))
        #expect(each.state == .failed)
        #expect(await workshop.run("sql", sql("select count(*) from t")).output == [[1]])
        let syntax = await workshop.run("sql", sql("selec 1"))
        #expect(syntax.state == .failed && !syntax.isRetryable)
    }

    @Test("notices reach the log, and an untyped placeholder gets advice")
    func notices() async throws {
        let workshop = try workshop()
        _ = await workshop.run("sql", sql("do $$ begin raise notice 'half; way'; end $$"))
        #expect(workshop.log.contains("INFO NOTICE: half; way"))
        let vacuum = await workshop.run("sql", sql("vacuum"))
        #expect(vacuum.reason?.hasSuffix("such a statement needs autocommit: true") == true, "\(vacuum)")
        #expect(await workshop.run("sql", sql("vacuum", ["autocommit": true])).state == .success)
    }

    @Test("transaction control is refused where the operator commits")
    func control() async throws {
        let end = try await workshop().run("sql", sql("select 1;\ncommit"))
        #expect(
            end.state == .failed && !end.isRetryable
                && end.reason?.hasPrefix("line 2: COMMIT cannot stand here") == true)
    }

    @Test("a result over the limit fails, and nothing of it is committed")
    func limit() async throws {
        let workshop = try workshop()
        let query = "create table t (a int); select repeat('x', 1000) from generate_series(1, 2000)"
        let end = await workshop.run("sql", sql(query))
        #expect(end.state == .failed && !end.isRetryable && end.reason?.contains("larger than a task's output") == true)
        #expect(await workshop.run("sql", sql("select to_regclass('t') is null")).output == [[true]])
        #expect(await workshop.run("sql", sql(query, ["do_xcom_push": false])).state == .success)
    }

    @Test("an attempt that may not go on cannot commit, only in the project's own database")
    func hold() async throws {
        let connection = try await connect()
        try await connection.script(
            """
            create schema flow; create table t (a int);
            create function flow.hold_attempt(attempt bigint) returns void language plpgsql as $$
            begin if attempt <> 7 then raise exception 'attempt % was declared lost', attempt using errcode = 'CF001'; end if; end $$
            """)
        let workshop = try workshop(builtIn: true)
        let insert: [String: JSONValue] = ["conn_id": "warehouse", "sql": "insert into t values (1)"]
        #expect(await workshop.run("sql", insert, attempt: 7).state == .success)
        let lost = await workshop.run("sql", insert, attempt: 8)
        #expect(lost.state == .failed)
        #expect(lost.reason == "nothing was committed, since this attempt may not go on: attempt 8 was declared lost")
        let foreign = try self.workshop()
        #expect(await foreign.run("sql", sql("insert into t values (2)"), attempt: 8).state == .success)
        let rows = try await connection.query("select a from t order by a")
        #expect(try rows.map { try $0.decode(0, as: Int.self) } == [1, 2])
        await connection.close()
    }

    @Test("the backend bears the attempt's name, and a timeout ends its query")
    func cancel() async throws {
        let connection = try await connect()
        try await connection.script("create table gate (a int); insert into gate values (1)")
        try await connection.script("begin; update gate set a = 2")
        let workshop = try workshop()
        let query = "select current_setting('application_name'), current_setting('client_connection_check_interval')"
        #expect(await workshop.run("sql", sql(query), attempt: 70).output == [["cryptoflow attempt 70", "2s"]])
        // Waits for the row until it is cancelled.
        let end = await workshop.run("sql", sql("update gate set a = 3"), attempt: 71, timeout: .milliseconds(300))
        #expect(end.state == .failed && end.reason == "timed out after 300ms", "\(end)")
        try await connection.script("rollback")
        let left = try await connection.query(
            "select count(*) from pg_stat_activity where application_name = 'cryptoflow attempt 71' and state = 'active'"
        )
        #expect(try left.first?.decode(0, as: Int.self) == 0)
        await connection.close()
    }

    @Test("wrong connections and arguments say what would be right")
    func wrong() async throws {
        let workshop = try workshop()
        let unknown = await workshop.run("sql", ["conn_id": "dbs", "sql": "select 1"])
        #expect(unknown.reason?.hasPrefix("there is no connection \"dbs\" (known: db; did you mean \"db\"?)") == true)
        #expect(await workshop.run("sql", ["sql": "select 1"]).reason?.contains("conn_id") == true)
        #expect(await workshop.run("sql", sql(" -- nothing")).reason == "the argument \"sql\" holds no statement")
        #expect(
            await workshop.run("sql", sql("select 1", ["hook_params": ["a": 1]])).reason?.contains("hook_params")
                == true)
        let http = try Workshop(connections: ["CRYPTOFLOW_CONN_DB": "https://x"])
        #expect(
            await http.run("sql", sql("select 1")).reason
                == "the connection \"db\" is https; only postgresql can run SQL here")
    }
}
