import DAGModel
import Testing

@testable import DAGDocument

@Suite("Broken documents") struct BrokenDocumentTests {
    /// Bodies begin on line 3, after `$schema` and `dag_id`.
    @Test(
        "each problem is named with its place",
        arguments: [
            ("tasks: []\ntasks: []\n", "4:1 tasks: duplicate key 'tasks': it stands first at line 3, column 1"),
            (
                "tasks:\n  - {id: a, uses: empty, with: {x: 1}, with: {y: 2}}\n",
                "4:40 tasks[0].with: duplicate key 'with'"
            ),
            ("taskss: []\n", "3:1 taskss: unknown DAG attribute 'taskss' (did you mean 'tasks'?)"),
            (
                "schedule_interval: '@daily'\n",
                "3:1 schedule_interval: unknown DAG attribute 'schedule_interval' (it is called 'schedule' here)"
            ),
            ("retries: 3\n", "3:1 retries: unknown DAG attribute 'retries' (it is a task's attribute"),
            ("schedule: '0 25 * * *'\n", "3:11 schedule: cron \"0 25 * * *\": hour field"),
            (
                "schedule: 5m\n",
                "(for every 5m: {uses: airflow.timetables.trigger.DeltaTriggerTimetable, with: {delta: 5m}})"
            ),
            ("schedule: '@dayly'\n", "did you mean @daily?"),
            ("schedule: '@onse'\n", "(did you mean '@once'?)"),
            (
                "schedule: [a]\n",
                "3:11 schedule: expected a cron string, null, or {uses: timetable, with: {…}}, found a list"
            ),
            ("schedule: {with: {}}\n", "3:11 schedule: the key 'uses' is missing"),
            (
                "schedule: {uses: a.b.CronTrigerTimetable}\n",
                "unknown timetable 'a.b.CronTrigerTimetable' (did you mean 'airflow.timetables.trigger.CronTriggerTimetable'?)"
            ),
            (
                "schedule: {uses: CronTriggerTimetable, with: {crn: '* * * * *', timezone: UTC}}\n",
                "3:47 schedule.with.crn: the timetable CronTriggerTimetable has no argument 'crn' (did you mean 'cron'?)"
            ),
            ("schedule: {uses: CronTriggerTimetable, with: {timezone: UTC}}\n", "needs the argument 'cron'"),
            (
                "schedule: {uses: CronTriggerTimetable, with: {cron: '@daily', timezone: Asia/Soul}}\n",
                "3:73 schedule.with.timezone: "
            ),
            (
                "schedule: {uses: cryptoflow.timetables.AssetTriggered, with: {all: []}}\n",
                "schedule.with.all: expected a list of at least one asset"
            ),
            ("timezone: Mars/Phobos\n", "3:11 timezone: "),
            ("dst: {gap: jump}\n", "3:12 dst.gap: unknown gap rule 'jump'"),
            ("start_date: soon\n", "3:13 start_date: \"soon\" is not a date"),
            ("start_date: 20260101\n", "3:13 start_date: expected a date, found the number 20260101"),
            ("start_date: 2026-02-30\n", "3:13 start_date: \"2026-02-30\" is not a date"),
            ("catchup: yes\n", "3:10 catchup: expected true or false, found the string \"yes\" (write true)"),
            ("schedule: '@daily'\ncatchup: true\n", "4:1 catchup: catchup needs a start_date"),
            ("max_active_runs: 0\n", "3:18 max_active_runs: expected a whole number of at least 1, found the number 0"),
            ("max_active_tasks: '3'\n", "(write 3 without quotes)"),
            ("dagrun_timeout: 5 parsecs\n", "3:17 dagrun_timeout: \"5 parsecs\" is not a duration"),
            ("tags: solo\n", "3:7 tags: expected a list of tags, found the string \"solo\" (write [solo])"),
            ("tags: [1]\n", "3:8 tags[0]: expected a text, found the number 1"),
            ("owner_links: {a: nolink}\n", "'nolink' is not a link"),
            ("description: [x]\n", "3:14 description: expected a text, found a list"),
            ("templates: [a]\n", "3:12 templates: expected a mapping of template names"),
            ("templates: null\n", "3:12 templates: expected a mapping of template names"),
            ("tasks: null\n", "3:8 tasks: expected a list of tasks, found null"),
            ("tasks: [x]\n", "3:9 tasks[0]: expected a task"),
            ("tasks: [{uses: empty}]\n", "3:9 tasks[0]: the key 'id' is missing"),
            (
                "tasks: [{id: 5, uses: empty}]\n",
                "3:14 tasks[0].id: expected a text, found the number 5 (quote it: \"5\")"
            ),
            (
                "tasks: [{id: a b, uses: empty}]\n",
                "3:14 tasks[0].id: the task's id 'a b' has a character that is not allowed"
            ),
            ("tasks: [{id: t}]\n", "3:9 tasks[0]: the task has neither 'uses' nor 'run'"),
            ("tasks: [{id: t, uses: empty, run: {}}]\n", "3:30 tasks[0].run: the task has both 'uses' and 'run'"),
            (
                "tasks: [{id: t, uses: null}]\n",
                "3:23 tasks[0].uses: expected an operator's name (it must not be empty), found null"
            ),
            ("tasks: [{id: t, uses: ''}]\n", "found an empty string"),
            (
                "tasks: [{id: t, run: null}]\n",
                "3:22 tasks[0].run: expected a mapping of arguments (run: {} for none), found null"
            ),
            (
                "tasks: [{id: t, uses: bsh, with: {bash_command: x}}]\n",
                "3:23 tasks[0].uses: unknown operator 'bsh' (did you mean 'bash'?)"
            ),
            ("tasks: [{id: t, uses: airflow.operators.BashOperator, with: {bash_command: x}}]\n", "BashOperator'?)"),
            ("tasks: [{id: t, uses: bash}]\n", "3:9 tasks[0]: the operator 'bash' needs the argument 'bash_command'"),
            (
                "tasks: [{id: t, uses: bash, with: {bash_comand: x}}]\n",
                "3:36 tasks[0].with.bash_comand: the operator 'bash' has no argument 'bash_comand' (did you mean 'bash_command'?)"
            ),
            (
                "tasks: [{id: t, uses: bash, with: {bash_command: 5}}]\n",
                "3:50 tasks[0].with.bash_command: 'bash_command' takes a text, found the number 5"
            ),
            (
                "tasks: [{id: t, uses: market_fetch, with: {exchange: upbitt, endpoint: x}}]\n",
                "(did you mean 'upbit'?)"
            ),
            (
                "tasks: [{id: t, uses: empty, depends_on: [a]}]\n",
                "3:30 tasks[0].depends_on: unknown task attribute 'depends_on' (it is called 'needs' here)"
            ),
            ("tasks: [{id: t, uses: empty, retrys: 1}]\n", "(did you mean 'retries'?)"),
            (
                "tasks: [{id: t, uses: empty, retries: -1}]\n",
                "3:39 tasks[0].retries: expected a whole number of at least 0"
            ),
            ("tasks: [{id: t, uses: empty, pool_slots: 0}]\n", "at least 1, found the number 0"),
            ("tasks: [{id: t, uses: empty, retry_delay: later}]\n", "\"later\" is not a duration"),
            ("tasks: [{id: t, uses: empty, trigger_rule: all_sucess}]\n", "(did you mean 'all_success'?)"),
            (
                "tasks: [{id: t, uses: empty, needs: a}]\n",
                "3:37 tasks[0].needs: expected a list of task ids, found the string \"a\" (write [a])"
            ),
            (
                "tasks: [{id: load, uses: empty}, {id: t, uses: empty, needs: [laod]}]\n",
                "3:63 tasks[1].needs[0]: unknown task 'laod' (did you mean 'load'?)"
            ),
            ("tasks: [{id: t, uses: empty, needs: [t]}]\n", "3:38 tasks[0].needs[0]: the task 't' depends on itself"),
            ("tasks: [{id: t, run: {x: {$x: t}}}]\n", "3:31 tasks[0].run.x.$x: the task 't' depends on itself"),
            ("tasks: [{id: t, run: {x: [{n: {$x: ghost}}]}}]\n", "3:36 tasks[0].run.x[0].n.$x: unknown task 'ghost'"),
            (
                "tasks:\n- {id: a, run: {}}\n- {id: a, uses: empty}\n",
                "5:8 tasks[1].id: duplicate task id 'a': it stands first at a.yaml:4:8"
            ),
            (
                "tasks: [{id: a, run: {}, needs: [b]}, {id: b, run: {x: {$x: a}}}]\n",
                "tasks wait for each other in a circle: a → b → a"
            ),
            (
                "tasks: [{id: t, run: {a: {$x: up, extra: 1}}}]\n",
                "3:27 tasks[0].run.a.$x: the marker '$x' must be the only key"
            ),
            (
                "tasks: [{id: t, run: {a: {$xcomm: up}}}]\n",
                "3:27 tasks[0].run.a.$xcomm: unknown key '$xcomm': keys that start with '$' are reserved for $x, $xcom, $t, $template, $const, $f (did you mean '$xcom'?)"
            ),
            ("tasks: [{id: t, run: {cfg: {$weird: 1}}}]\n", "reserved"),
            (
                "tasks: [{id: t, run: {a: {$t: 5}}}]\n",
                "3:31 tasks[0].run.a.$t: expected a template's text, found the number 5"
            ),
            (
                "tasks: [{id: t, run: {a: {$t: '{{ dss }}'}}}]\n",
                "3:35 tasks[0].run.a.$t: in the template: unknown name 'dss' (did you mean 'ds'?)"
            ),
            (
                "tasks:\n- id: t\n  run:\n    a:\n      $t: |\n        first\n        {{ dss }}\n",
                "9:12 tasks[0].run.a.$t: in the template: unknown name 'dss'"
            ),
            ("tasks: [{id: t, run: {a: {$x: {tsk: b}}}}]\n", "unknown key 'tsk'"),
            ("tasks: [{id: t, run: {a: {$x: 5}}}]\n", "expected a task's id or {task: …, key: …}"),
            (
                "tasks: [{id: t, extends: base, run: {}}]\n",
                "3:26 tasks[0].extends: expected a list of template names, found the string \"base\" (write extends: [base])"
            ),
            ("tasks: [{id: t, extends: [[base]], run: {}}]\n", "3:27 tasks[0].extends[0]: expected a text"),
            (
                "templates: {base: {retries: 1}}\ntasks: [{id: t, extends: [bse], run: {}}]\n",
                "4:27 tasks[0].extends[0]: unknown template 'bse' (did you mean 'base'?)"
            ),
            (
                "templates: {a: {extends: [b]}, b: {extends: [a]}}\ntasks: [{id: t, extends: [a], run: {}}]\n",
                "templates extend each other in a circle: a → b → a"
            ),
            (
                "templates: {a: {retries: many}}\ntasks: [{id: t, extends: [a], run: {}}, {id: u, extends: [a], run: {}}]\n",
                "3:26 templates.a.retries: expected a whole number"
            ),
            ("on_failure_callback: notify\n", "expected a notifier, {uses: name, with: {…}}"),
            ("on_failure_callback: [{with: {}}]\n", "3:23 on_failure_callback[0]: the key 'uses' is missing"),
            (
                "default_args: {retris: 1}\n",
                "3:16 default_args.retris: unknown task attribute 'retris' (did you mean 'retries'?)"
            ),
            ("schedule: '@continuous'\nmax_active_runs: 2\n", "a continuous schedule has one run at a time"),
            (
                "fail_fast: true\ntasks: [{id: t, uses: empty, trigger_rule: all_done}]\n",
                "a fail_fast DAG can only have tasks with the trigger rule all_success"
            ),
            ("description: !python/object x\n", "3:14 description: unknown tag !python/object"),
            ("description: *nowhere\n", "no anchor '&nowhere' stands before this alias"),
            ("params: &p [*p]\n", "the alias '*p' stands inside its own anchor"),
            ("params: {[a]: 1}\n", "a key must be a text, found a list"),
            ("params: {n: 99999999999999999999}\n", "does not fit 64 bits"),
            ("tasks: [{id: t, uses: empty\n", "expected ',' or '}' in a mapping"),
            ("description: \"open\n", "the text ends before its closing quote"),
            ("description: a: b\n", "3:15 invalid YAML: a ':' is not allowed here"),
            ("\tdescription: x\n", "invalid YAML: "),
            (
                "tasks: [{id: t, uses: bash, with: {bash_command: 'echo {{ ds }}'}}]\n",
                "a plain text is not rendered (write {$t: …}"
            ),
            ("schedule: '0 0 31 4 *'\n", "never fires"),
            ("schedule: '0 0 1 * 1'\n", "it fires when either matches"),
        ])
    func problem(body: String, expected: String) { expectProblem(expected, in: body) }

    @Test(
        "a character that YAML does not allow, and a star that was not quoted, are shown where they are",
        arguments: [
            ("description: a\u{7}b\n", "3:15 invalid YAML: a character that YAML does not allow (0x7)"),
            ("tags: [x]\nowner: ☂é\u{1}\n", "4:10 invalid YAML: a character that YAML does not allow (0x1)"),
            ("schedule: * * * * *\n", "3:12 invalid YAML: a '*' begins the name of an anchor, and there is none"),
            ("schedule: * * * * *\n", "quote the text, as in \"* * * * *\""),
        ])
    func unreadable(body: String, expected: String) { expectProblem(expected, in: body) }

    @Test(
        "the head of a document",
        arguments: [
            ("dag_id: d\n", "1:1 the key '$schema' is missing"),
            ("$schema: null\ndag_id: d\n", "1:10 $schema: '$schema' must be a non-empty text or a date, found null"),
            ("$schema: ''\ndag_id: d\n", "must be a non-empty text or a date"),
            ("$schema: false\ndag_id: d\n", "must be a non-empty text or a date"),
            ("$schema: 123\ndag_id: d\n", "must be a non-empty text or a date"),
            ("$schema: [a]\ndag_id: d\n", "must be a non-empty text or a date"),
            ("$schema: 2099-01-01\ndag_id: d\n", "is not published"),
            ("$schema: nonsense\ndag_id: d\n", "is not published"),
            ("$schema: 2026-10-30\n", "1:1 the key 'dag_id' is missing"),
            ("$schema: 2026-10-30\ndag_id: 12\n", "2:9 dag_id: expected a text, found the number 12"),
            ("$schema: 2026-10-30\ndag_id: 'a/b'\n", "has a character that is not allowed"),
            ("- a\n- b\n", "1:1 a document must be a mapping, found a list"),
            ("words\n", "a document must be a mapping, found the string \"words\""),
        ])
    func head(text: String, expected: String) {
        let found = problems(ofText: text)
        #expect(found.contains { $0.contains(expected) }, "\(found.joined(separator: "\n"))")
    }

    @Test("all problems come at once, by place, and a template's only once")
    func together() {
        let found = problems(
            """
            schedul: x
            start_date: never
            templates: {t: {pool_slots: 0}}
            tasks:
              - {id: a, extends: [t], uses: bash, needs: [zz]}
              - {id: a, extends: [t, gone], run: {x: {$bad: 1}}, retrys: 2}
            """)
        #expect(
            found.map { String($0.prefix { $0 != " " }) } == [
                "3:1", "4:13", "5:29", "7:5", "7:47", "8:10", "8:26", "8:43", "8:54",
            ],
            "\(found.joined(separator: "\n"))")
    }

    @Test("a template that nothing extends is a warning at its name; one that only another extends is used")
    func unusedTemplate() {
        let found = problems(
            """
            templates: {base: {retries: 1}, over: {extends: [base]}, spare: {retries: 2}}
            tasks:
              - {id: a, extends: [over], uses: bash, with: {bash_command: "true"}}
            """)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("3:58 templates.spare: the template 'spare' is not used") == true, "\(found)")
    }

    @Test("good documents of a file load beside broken ones, syntax errors included")
    func beside() {
        let text =
            document("tasks: []\n") + "---\ndag_id: [unclosed\n---\n" + schemaLine
            + "dag_id: e\ntasks: [{id: t}]\n---\n" + schemaLine
            + "dag_id: f\ntasks: [{id: t, uses: empty}]\n---\n" + schemaLine + "dag_id: d\n"
        let file = DocumentLoader.sample().load(text: text)
        #expect(file.dags.map(\.dag.id.rawValue) == ["d", "f"])
        let errors = file.diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.place.line) == [6, 9, 16])
        #expect(errors.map(\.dag?.rawValue) == [nil, "e", "d"])
        #expect(errors[2].message.contains("is already taken by the document at a.yaml:2:9"))
    }

    @Test("a dag_id of two files belongs to the first")
    func acrossFiles() {
        let loader = DocumentLoader.sample()
        var files = [
            loader.load(text: document("tasks: []\n"), file: "b.yaml"),
            loader.load(text: document("tasks: []\n"), file: "a.yaml"),
        ]
        files.resolveDuplicates()
        #expect(files[0].dags.isEmpty && files[1].dags.count == 1)
        #expect(files[0].diagnostics.last?.message == "the dag_id 'd' is already taken by a.yaml:2:9")
    }

    @Test(
        "bytes that are no text",
        arguments: [
            (
                [0x61, 0x3A, 0x20, 0xFF],
                "1:4: error: the file is not UTF-8: the byte 0xFF does not belong there (save it as UTF-8)"
            ),
            ([0x61, 0x0A, 0x00], "2:1: error: the file has a NUL byte: it is not text (save it as UTF-8)"),
            ([0xFF, 0xFE, 0x61, 0x00], "1:1: error: the file is UTF-16, not UTF-8 (save it as UTF-8)"),
        ] as [([UInt8], String)])
    func bytes(bytes: [UInt8], expected: String) {
        let found = DocumentLoader.sample().load(bytes: bytes, file: "a.yaml").diagnostics.map(\.description)
        #expect(found == ["a.yaml:" + expected])
    }

    @Test("a hint is looked for only where its problem is listed")
    func hints() {
        let context = DocumentContext(
            file: "a.yaml", catalog: sampleCatalog, settings: LoaderSettings(),
            texts: TextFileReader(root: "/nonexistent", directory: "", maximumSize: 1),
            sourceLines: SourceLines(UnsafeBufferPointer(start: nil, count: 0), firstLine: 1))
        var asked = 0
        func hint() -> String? {
            asked += 1
            return nil
        }
        for line in [1] + (1...Int32(DocumentContext.maximumDiagnostics + 100)) {
            context.error("wrong", hint: hint(), at: Mark(line: line, column: 1), DocumentPath())
        }
        #expect(asked == DocumentContext.maximumDiagnostics)
        #expect(context.diagnostics.count == asked)
    }

    @Test("aliases, depth and size are bounded")
    func bounds() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(problems(bomb).contains { $0.contains("more than 100000 values once its aliases are expanded") })
        let deep = "params: " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + "\n"
        #expect(problems(deep).contains { $0.contains("nested more than 64 levels deep") })
        let large = [UInt8](repeating: UInt8(ascii: "#"), count: (1 << 20) + 1)
        let found = DocumentLoader.sample().load(bytes: large, file: "a.yaml").diagnostics
        #expect(found.first?.message == "the file is larger than 1048576 bytes")
    }
}
