import CivilTime
import DAGModel
import Testing
import Timetables

@testable import DAGDocument

@Suite("Valid documents") struct ValidDocumentTests {
    @Test("the format's own example means what it says")
    func example() throws {
        let dag = try loadOne(
            """
            schedule: "0 * * * *"
            start_date: 2026-01-01
            catchup: false
            templates:
              patient: {retries: 3, retry_delay: 30s, retry_exponential_backoff: true, execution_timeout: 2m}
            tasks:
              - id: fetch
                extends: [patient]
                uses: cryptoflow.operators.MarketFetch
                with: {exchange: upbit, endpoint: ticker_24h, quote: KRW}
              - id: explode
                uses: airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator
                needs: [fetch]
                with: {conn_id: warehouse, sql: SELECT 1, parameters: {landing_id: {$x: fetch}}}
            """)
        #expect(dag.id.rawValue == "d")
        #expect(dag.timetable == (try Timetable.cron(parsing: "0 * * * *")))
        #expect(dag.bounds.start?.iso8601 == "2026-01-01T00:00:00Z")
        let fetch = try #require(dag.tasks.first)
        #expect(fetch.body == .uses("market_fetch"))
        #expect(fetch.retries == 3)
        #expect(fetch.retryDelay == .seconds(30))
        #expect(fetch.retryBackoff == 2)
        #expect(fetch.executionTimeout == .seconds(120))
        #expect(fetch.arguments["quote"] == .value("KRW"))
        let explode = dag.tasks[1]
        #expect(explode.body == .uses("sql"))
        #expect(explode.upstream == [TaskID("fetch")])
        #expect(explode.arguments["parameters"] == .map(["landing_id": .output(task: TaskID("fetch"), key: nil)]))
    }

    @Test(
        "the schema is the URL or the date, quoted or not",
        arguments: [
            "https://airflow.apache.org/schemas/dag/2026-10-30.json", "2026-10-30", "\"2026-10-30\"", "'2026-10-30'",
        ])
    func schema(value: String) {
        let file = DocumentLoader.sample().load(text: "$schema: \(value)\ndag_id: d\ntasks: [{id: t, run: {}}]\n")
        #expect(file.diagnostics.isEmpty)
        #expect(file.dags.count == 1)
    }

    @Test("markers are read at any depth, constants are not")
    func markers() throws {
        let dag = try loadOne(
            """
            tasks:
              - {id: up, run: {}}
              - id: t
                run:
                  a: {$x: up}
                  b: {$xcom: {task: up, key: rows}}
                  c: [1, {$t: "{{ ds }}"}, {deep: {$template: 'x'}}]
                  d: {$const: {$x: not-a-reference, plain: [1]}}
                  e: {region: eu, n: 5, flag: true, none: null}
                  f: {$x: {task: up, key: null}}
            """)
        let arguments = dag.tasks[1].arguments
        let up = TaskID("up")
        #expect(arguments["a"] == .output(task: up, key: nil))
        #expect(arguments["b"] == .output(task: up, key: "rows"))
        #expect(arguments["c"] == .list([.value(1), .template("{{ ds }}"), .map(["deep": .template("x")])]))
        #expect(arguments["d"] == .value(["$x": "not-a-reference", "plain": [1]]))
        #expect(arguments["e"] == .value(["region": "eu", "n": 5, "flag": true, "none": nil]))
        #expect(arguments["f"] == .output(task: up, key: nil))
        #expect(dag.tasks[1].upstream == [up])
        #expect(dag.tasks[1].body == .run)
    }

    @Test("templates merge in order, one level deep under with, and the task wins")
    func merging() throws {
        let dag = try loadOne(
            """
            default_args: {retries: 9, owner: team, pool: p, conn_id: warehouse}
            templates:
              base: {retries: 2, retry_delay: '5m', with: {cwd: /base, append_env: true}}
              child: {extends: [base], uses: bash, with: {cwd: /child}}
              later: {retries: 4, queue: q2}
            tasks:
              - id: t
                extends: [child, later]
                queue: q3
                with: {bash_command: echo}
              - {id: plain, uses: empty}
              - {id: query, uses: sql, with: {sql: SELECT 1}}
            """)
        let task = dag.tasks[0]
        #expect(task.body == .uses("bash"))
        #expect(task.retries == 4)
        #expect(task.retryDelay == .seconds(300))
        #expect(task.queue == "q3")
        #expect(task.owner == "team")
        #expect(task.pool == "p")
        #expect(task.arguments["cwd"] == .value("/child"))
        #expect(task.arguments["append_env"] == .value(true))
        #expect(task.arguments["bash_command"] == .value("echo"))
        #expect(dag.tasks[1].retries == 9)
        // A default that an operator does not take is dropped, as in Airflow.
        #expect(dag.tasks[1].arguments.isEmpty)
        #expect(dag.tasks[2].arguments["conn_id"] == .value("warehouse"))
        #expect(dag.owner == "team")
    }

    @Test("several documents, empty ones, CRLF, a byte-order mark and a directive")
    func stream() {
        let text =
            "\u{FEFF}# comment\r\n---\r\n---\r\n" + document("tasks: []\r\n").replacing("\n", with: "\r\n")
            + "...\n# between\n%YAML 1.2\n---\n" + schemaLine + "dag_id: e\ntasks: [{id: t, uses: empty}]\n---\n~\n"
        let file = DocumentLoader.sample().load(text: text)
        #expect(file.diagnostics.filter { $0.severity == .error }.isEmpty)
        #expect(file.dags.map(\.dag.id.rawValue) == ["d", "e"])
    }

    @Test("an operator's argument may stand beside with, and a task attribute inside")
    func passThrough() throws {
        let dag = try loadOne(
            "tasks: [{id: t, uses: bash, bash_command: echo, with: {retries: 3, retry_delay: 10}}]\n")
        #expect(dag.tasks[0].arguments["bash_command"] == .value("echo"))
        #expect(dag.tasks[0].retries == 3)
        #expect(dag.tasks[0].retryDelay == .seconds(10))
    }

    @Test(
        "every timetable by Airflow's path and argument names",
        arguments: [
            ("null", "null"), ("'@once'", "once"), ("'@continuous'", "continuous"),
            (
                "{uses: airflow.timetables.trigger.CronTriggerTimetable, with: {cron: '0 1 * * *', timezone: Asia/Seoul, interval: PT1H, run_immediately: true}}",
                "cronTrigger"
            ),
            (
                "{uses: airflow.timetables.trigger.MultipleCronTriggerTimetable, with: {crons: ['0 1 * * *', '0 2 * * *'], timezone: UTC}}",
                "cronTrigger"
            ),
            (
                "{uses: airflow.timetables.interval.CronDataIntervalTimetable, with: {cron: '@hourly', timezone: UTC}}",
                "cronDataInterval"
            ),
            (
                "{uses: airflow.timetables.trigger.DeltaTriggerTimetable, with: {delta: 15m, interval: 5m}}",
                "deltaTrigger"
            ),
            (
                "{uses: airflow.timetables.interval.DeltaDataIntervalTimetable, with: {delta: 3600}}",
                "deltaDataInterval"
            ),
            (
                "{uses: airflow.timetables.events.EventsTimetable, with: {event_dates: [2026-01-01, '2026-02-01T09:00:00+09:00'], restrict_to_events: true, description: Holidays}}",
                "events"
            ),
            ("{uses: cryptoflow.timetables.AssetTriggered, with: {all: [a, {any: [b, c]}]}}", "assets"),
            ("{uses: cryptoflow.timetables.AssetTriggered, with: {any: [a], cron: '0 0 * * *'}}", "assets"),
        ])
    func timetables(schedule: String, kind: String) throws {
        let dag = try loadOne("schedule: \(schedule)\nmax_active_runs: 1\ntasks: [{id: t, uses: empty}]\n")
        #expect("\(dag.timetable)".isEmpty == false)
        let found =
            switch dag.timetable {
            case .null: "null"
            case .once: "once"
            case .continuous: "continuous"
            case .cronTrigger: "cronTrigger"
            case .cronDataInterval: "cronDataInterval"
            case .deltaTrigger: "deltaTrigger"
            case .deltaDataInterval: "deltaDataInterval"
            case .events: "events"
            case .assets: "assets"
            }
        #expect(found == kind)
    }

    @Test("a cron string's zone is the document's, else the start date's, else UTC")
    func zones() throws {
        func zone(_ body: String) throws -> String? {
            try loadOne("schedule: '0 9 * * *'\n" + body + "tasks: [{id: t, uses: empty}]\n").timetable.cronSchedules
                .first?.zone
                .identifier
        }
        #expect(try zone("") == "UTC")
        #expect(try zone("start_date: 2026-01-01T00:00:00+09:00\n") == "+09:00")
        #expect(try zone("start_date: 2026-01-01T00:00:00+09:00\ntimezone: Asia/Seoul\n") == "Asia/Seoul")
        let naive = try loadOne("timezone: Asia/Seoul\nstart_date: 2026-01-01\ntasks: [{id: t, uses: empty}]\n")
        #expect(naive.bounds.start?.iso8601 == "2025-12-31T15:00:00Z")
    }

    @Test("a plain cron makes intervals when the installation says so")
    func intervals() throws {
        var settings = LoaderSettings()
        settings.createsCronDataIntervals = true
        let dag = try loadOne("schedule: '@daily'\ntasks: [{id: t, uses: empty}]\n", settings: settings)
        #expect(dag.timetable == .cronDataInterval(try CronSchedule(parsing: "@daily")))
    }

    @Test("all DAG and task attributes are kept")
    func attributes() throws {
        let dag = try loadOne(
            """
            description: words
            schedule: '0 0 * * *'
            start_date: 2026-01-01 00:00
            end_date: 2026-12-31T00:00:00Z
            catchup: true
            catchup_window: 14d
            dst: {gap: shift, overlap: both}
            max_active_runs: 1
            max_active_tasks: 2
            max_consecutive_failed_dag_runs: 3
            dagrun_timeout: PT2H
            tags: [a, b, a]
            params: {n: 1, s: {type: string, default: x}}
            owner_links: {team: https://example.com}
            doc_md: "# Title"
            is_paused_upon_creation: false
            fail_fast: true
            dag_display_name: Shown
            access_control: {role: [x]}
            allowed_run_types: [scheduled, manual]
            tasks:
              - id: t
                uses: bash
                with: {bash_command: x}
                retry_exponential_backoff: 3
                max_retry_delay: 1h
                pool: p
                pool_slots: 2
                priority_weight: 7
                weight_rule: absolute
                wait_for_downstream: true
                max_active_tis_per_dag: 4
                max_active_tis_per_dagrun: 5
                queue: q
                owner: me
                doc_md: d
                map_index_template: "{{ params.x }}"
                executor_config: {k: v}
                inlets: [x]
                outlets: [y, {name: z}]
                group: g
                params: {local: 1}
              - {id: m, uses: bash, expand: {bash_command: {$x: t}}, trigger_rule: all_success}
            """)
        #expect(dag.summary == "words")
        #expect(dag.catchup && dag.catchupWindow == .seconds(14 * 86_400))
        #expect(dag.maxActiveRuns == 1 && dag.maxActiveTasks == 2 && dag.maxConsecutiveFailedRuns == 3)
        #expect(dag.dagrunTimeout == .seconds(7200))
        #expect(dag.tags == ["a", "b"])
        #expect(dag.params["n"] == 1)
        #expect(dag.isPausedUponCreation == false && dag.failFast)
        #expect(dag.displayName == "Shown")
        #expect(dag.inertAttributes["access_control"] != nil)
        #expect(dag.timetable.cronSchedules.first?.policy == DSTPolicy(gap: .shift, overlap: .both))
        let task = dag.tasks[0]
        #expect(task.retryBackoff == 3 && task.maxRetryDelay == .seconds(3600))
        #expect(task.pool == "p" && task.poolSlots == 2 && task.priorityWeight == 7 && task.weightRule == .absolute)
        #expect(task.waitForDownstream && task.dependsOnPast)
        #expect(task.maxActivePerDAG == 4 && task.maxActivePerRun == 5)
        #expect(task.outlets == ["y", "z"] && task.inlets == ["x"] && task.group == "g")
        #expect(task.inertAttributes["executor_config"] == ["k": "v"])
        #expect(task.params == ["local": 1])
        #expect(dag.tasks[1].expand["bash_command"] == .output(task: TaskID("t"), key: nil))
        #expect(dag.tasks[1].upstream == [TaskID("t")])
    }

    @Test("anchors, aliases and merge keys")
    func anchors() throws {
        let dag = try loadOne(
            """
            tasks:
              - &first {id: a, uses: bash, retries: 2, with: &w {bash_command: x}}
              - {<<: *first, id: b, needs: [a]}
              - {id: c, uses: bash, with: *w}
            """)
        #expect(dag.tasks.map(\.id.rawValue) == ["a", "b", "c"])
        #expect(dag.tasks[1].retries == 2)
        #expect(dag.tasks[2].arguments["bash_command"] == .value("x"))
    }

    @Test(
        "YAML 1.2 scalars",
        arguments: [
            ("yes", "yes"), ("Off", "Off"), ("12:30:45", "12:30:45"), ("2026-01-01", "2026-01-01"), ("0o17", 15),
            ("0x1F", 31),
            ("017", 17), ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-3", -3), ("+4", 4), ("~", nil), ("", nil),
            ("NULL", nil),
            ("True", true), ("FALSE", false), ("'1'", "1"), ("!!str 1", "1"), ("!!float 1", 1.0), ("! 1", "1"),
            ("1_000", "1_000"),
            ("nUll", "nUll"), ("0b1", "0b1"), (".", "."), ("-", "-"),
        ] as [(String, JSONValue)])
    func scalars(text: String, expected: JSONValue) throws {
        let body = text == "-" ? "tasks: [{id: t, run: {v: '-'}}]\n" : "tasks:\n- id: t\n  run:\n    v: \(text)\n"
        #expect(try loadOne(body).tasks[0].arguments["v"] == .value(expected))
    }
}
