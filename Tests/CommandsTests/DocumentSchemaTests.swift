import DAGModel
import Testing

@testable import Commands
@testable import DAGDocument

/// The schema that editors check with, beside what the reader says of the same documents.
@Suite("Schema of documents") struct DocumentSchemaTests {
    private static let operators = [
        OperatorSignature(
            name: "bash", aliases: ["airflow.providers.standard.operators.bash.BashOperator"],
            summary: "Runs a command.",
            parameters: [
                .init("bash_command", .string, required: true, rule: .notBlank, "the command"),
                .init("env", .object, "variables"), .init("append_env", .boolean, "keeps the environment"),
                .init("skip_on_exit_code", .any, rule: .exitStatuses, "skips"),
                .init("do_xcom_push", .boolean, "keeps"),
            ]),
        OperatorSignature(name: "empty", summary: "Does nothing.", parameters: []),
        OperatorSignature(
            name: "sql", summary: "Runs SQL.",
            parameters: [
                .init("sql", .stringOrList, required: true, rule: .notBlank, "the statements"),
                .init("conn_id", .string, "the connection"), .init("postgres_conn_id", .string, "the connection"),
                .init("timeout", .duration, "the longest time"), .init("mode", .string, choices: ["a", "b"], "how"),
            ],
            alternatives: [.init(["conn_id", "postgres_conn_id"], required: true, exclusive: true)]),
        OperatorSignature(
            name: "time_sensor", summary: "Waits.",
            parameters: [.init("target_time", .string, required: true, rule: .timeOfDay, "when")]),
    ]

    private static let evaluator = SchemaEvaluator(root: DocumentSchema(operators: operators).json)

    /// Whether the reader and the schema accept a document.
    private func verdicts(_ body: String) throws -> (reader: Bool, schema: Bool) {
        let bytes = Array(("$schema: 2026-10-30\ndag_id: d\n" + body).utf8)
        let loaded = DocumentLoader(catalog: OperatorCatalog(Self.operators), root: "/nonexistent")
            .load(bytes: bytes, file: "a.yaml")
        var problems: [YAMLProblem] = []
        let node = bytes.withUnsafeBufferPointer {
            YAMLParser.parse($0, line: 0, limits: YAMLLimits(), problems: &problems)
        }
        let document = try #require(node).json
        return (loaded.diagnostics.allSatisfy { $0.severity != .error }, Self.evaluator.accepts(document))
    }

    @Test(
        "what the reader accepts passes",
        arguments: [
            "", "tasks: []\n", "catchup: null\nmax_active_runs: null\nschedule: null\ntimezone: null\ndst: null\n",
            "schedule: '@Daily'\n", "schedule: ' 0 0 * * * '\n", "schedule: '0 0 * * * 30'\n",
            "schedule: {uses: CronTriggerTimetable, with: {cron: '@daily', timezone: null, run_immediately: 5m}}\n",
            "schedule: {uses: airflow.sdk.ContinuousTimetable}\n",
            "schedule: {uses: AssetTriggered, with: {all: [a, {any: [b, {name: c}]}], cron: null}}\n",
            "schedule: {uses: EventsTimetable, with: {event_dates: [2026-01-01, 2026-02-01T00:00:00+09:00]}}\n",
            "dagrun_timeout: P1DT2H\ncatchup_window: 1h 30m\n", "dagrun_timeout: '90'\n",
            "dagrun_timeout: 01:30:00.5\n",
            "start_date: 2026-01-01\nend_date: '2026-01-01 10:00'\n", "dagrun_timeout: 0.5\n",
            "params: {a: 1, b: {default: x, type: string}, c: {type: foo, kind: y}}\n",
            "params: {a: {type: foo, kind: y}, b: {default: null, type: string}, c: {default: 5, type: [string, integer]}}\n",
            "schedule: '0 0 L * FRI#2,L5 30'\n",
            "tags: null\ndefault_args: null\nowner_links: {a: 'mailto:x'}\nallowed_run_types: manual\n",
            "default_args: {uses: bash, bash_command: x, start_date: 2026-01-01}\ntasks: [{id: a}]\n",
            "default_args: {conn_id: w}\ntasks: [{id: a, uses: sql, with: {sql: [SELECT 1]}}]\n",
            "templates: {t: {uses: bash, retries: 2, with: {env: {A: x}}}}\n"
                + "tasks: [{id: a, extends: [t], with: {bash_command: x}}, {id: b, extends: [t], bash_command: y}]\n",
            "tasks: [{id: é.b-c_1, uses: bash, with: {bash_command: {$t: '{{ ds }}'}, retries: 3}}]\n",
            "tasks: [{id: a, uses: bash, bash_command: x, skip_on_exit_code: [1, '2'], do_xcom_push: false}]\n",
            "tasks: [{id: a, uses: bash, with: {append_env: true}, expand: {bash_command: [x, y]}}]\n",
            "tasks: [{id: a, uses: sql, with: {sql: x, conn_id: w, postgres_conn_id: null, timeout: 5s, mode: a}}]\n",
            "tasks: [{id: a, run: {x: 1}, email: x}]\n", "tasks: [{id: a, uses: time_sensor, target_time: '14:30'}]\n",
            "tasks: [{id: a, uses: empty, retries: '3', retry_exponential_backoff: 0, retry_delay: 0, group: x.y}]\n",
            "tasks: [{id: a, uses: empty, pool: null, retry_on: [1, timeout], outlets: [x, {uri: y}]}]\n",
            "tasks: [{id: a, uses: empty, setup: true}, {id: b, uses: empty, teardown: a}]\n",
            "on_failure_callback: [{uses: slack}, {uses: email, with: {to: [a@b.c]}}]\n",
            "deadline: {reference: DAGRUN_QUEUED_AT, interval: -30m, callback: {uses: slack, with: {text: x}}}\n",
            "deadline: {reference: {FIXED_DATETIME: 2026-01-01}, interval: 60, callback: {uses: webhook}}\n",
            "deadline: {reference: {Average_Runtime: {max_runs: 5}}, interval: 60, callback: {uses: webhook}}\n",
            "deadline: {reference: {Fixed_DateTime: 2026-01-01}, interval: 60, callback: {uses: webhook}}\n",
        ])
    func valid(body: String) throws {
        let verdicts = try verdicts(body)
        #expect(verdicts.reader)
        #expect(verdicts.schema)
    }

    @Test(
        "what is plainly broken does not",
        arguments: [
            "deadline: {reference: {Average_Runtime: {max_runs: 0}}, interval: 60, callback: {uses: webhook}}\n",
            "deadline: {reference: {average_runtimes: null}, interval: 60, callback: {uses: webhook}}\n",
            "shedule: null\n", "schedule: '@dayly'\n", "schedule: 1h\n", "schedule: '0 0 * *'\n", "schedule: 5\n",
            "schedule: {uses: Foo}\n", "schedule: {uses: CronTriggerTimetable}\n",
            "schedule: {uses: CronTriggerTimetable, with: {cron: '@daily', tz: UTC}}\n",
            "schedule: {uses: AssetTriggered, with: {all: []}}\n",
            "schedule: {uses: DeltaTriggerTimetable, with: {delta: 0}}\n", "start_date: 2026-13-01\n",
            "start_date: yesterday\n", "catchup: yes\n", "catchup_window: 0\n", "max_active_runs: 0\n",
            "max_active_runs: 99999999999999\n", "dagrun_timeout: 5x\n", "dagrun_timeout: -5m\n",
            "dagrun_timeout: PT\n",
            "dagrun_timeout: '01:60:00'\n", "tags: a\n", "owner_links: {a: b}\n", "allowed_run_types: []\n",
            "params: {a: {default: 1, type: foo}}\n", "default_args: {foo: 1}\n", "default_args: {id: a}\n",
            "templates: {a: {foo: 1}}\n", "templates: {a: {retries: x}}\n", "dst: {gap: x}\n",
            "tasks: [{uses: empty}]\n", "tasks: [{id: a}]\n", "tasks: [{id: a, uses: empty, run: {}}]\n",
            "tasks: [{id: a, run: null}]\n", "tasks: [{id: a, uses: emtpy}]\n", "tasks: [{id: 'a b', uses: empty}]\n",
            "tasks: [{id: a, uses: empty, with: {x: 1}}]\n", "tasks: [{id: a, uses: empty, bash_command: x}]\n",
            "tasks: [{id: a, uses: bash}]\n", "tasks: [{id: a, uses: bash, with: {bash_command: null}}]\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: ''}}]\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: {$q: x}}}]\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: x, env: {$q: x}}}]\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: x, skip_on_exit_code: 300}}]\n",
            "tasks: [{id: a, uses: sql, with: {sql: x}}]\n",
            "tasks: [{id: a, uses: sql, with: {sql: [], conn_id: w}}]\n",
            "tasks: [{id: a, uses: sql, with: {sql: x, conn_id: w, postgres_conn_id: v}}]\n",
            "tasks: [{id: a, uses: time_sensor, with: {target_time: '25:00'}}]\n",
            "tasks: [{id: a, uses: empty, retry: 3}]\n", "tasks: [{id: a, uses: empty, $foo: 1}]\n",
            "tasks: [{id: a, uses: empty, needs: u}]\n", "tasks: [{id: a, uses: empty, extends: q}]\n",
            "tasks: [{id: a, uses: empty, retry_delay: -1s}]\n",
            "tasks: [{id: a, uses: empty, execution_timeout: 0}]\n",
            "tasks: [{id: a, uses: empty, retry_exponential_backoff: 0.5}]\n",
            "tasks: [{id: a, uses: empty, retry_on: 256}]\n", "tasks: [{id: a, uses: empty, depends_on_past: yes}]\n",
            "tasks: [{id: a, uses: bash, bash_command: x, expand: {}}]\n", "tasks: [{id: a, uses: empty, queue: ''}]\n",
            "tasks: [{id: a, uses: empty, group: x..y}]\n", "tasks: [{id: a, uses: empty, outlets: [{nam: x}]}]\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: x}, do_xcom_push: 5}]\n",
            "tasks: [{id: a, uses: empty, map_index_template: 5}]\n", "on_failure_callback: [{uses: slak}]\n",
            "on_failure_callback: {uses: email}\n", "on_failure_callback: {uses: slack, with: {foo: 1}}\n",
            "params: {a: {type: foo}}\n", "params: {a: {default: 5, type: string}}\n",
            "params: {a: {type: integer, minimum: x}}\n", "schedule: 'CRON_TZ=UTC 0 0 * * *'\n",
            "tasks: [{id: a, uses: bash, with: {bash_command: x, trigger_rule: foo}}]\n",
            "tasks: [{id: a, uses: empty, setup: true, teardown: true}]\n",
            "deadline: {reference: x, interval: 1h, callback: {uses: slack}}\n",
        ])
    func broken(body: String) throws {
        let verdicts = try verdicts(body)
        #expect(!verdicts.reader)
        #expect(!verdicts.schema)
    }

    @Test("every key that the reader acts on has a shape")
    func complete() {
        let task = Set(DocumentSchema.attributes.keys).union(["uses"])
        #expect(KnownAttributes.task == task)
        let root = Self.evaluator.root["properties"]?.objectValue ?? [:]
        #expect(KnownAttributes.dag == Set(root.keys))
    }
}
