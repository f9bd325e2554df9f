import DAGModel
import Testing

@testable import DAGDocument

/// Documents that could be read but could not work.
@Suite("Documents that cannot work") struct RefusedDocumentTests {
    @Test(
        "a parameter is refused for its schema, or for a default that does not fit it",
        arguments: [
            ("params: {a: {type: foo}}\n", "3:20 params.a.type: expected one of array, boolean"),
            ("params: {a: {type: strin}}\n", "(did you mean 'string'?)"),
            ("params: {a: {default: x, type: [string, foo]}}\n", "3:32 params.a.type: expected one of"),
            (
                "params: {a: {default: 5, type: string}}\n",
                "3:23 params.a.default: the default does not fit: params.a must be a string"
            ),
            ("params: {a: {type: integer, minimum: x}}\n", "3:38 params.a.minimum: expected a number, found the"),
            (
                "params: {a: {type: string, pattern: \"(\"}}\n",
                "3:37 params.a.pattern: \"(\" is not a regular expression"
            ),
            ("params: {a: {type: string, $ref: x}}\n", "3:28 params.a.$ref: '$ref' is not followed"),
            ("params: {a: {default: 1, enum: []}}\n", "3:32 params.a.enum: expected a list of the values allowed"),
            (
                "params: {a: {default: [], items: {type: foo}}}\n",
                "3:41 params.a.items.type: expected one of"
            ),
            (
                "params: {a: {default: 1, schema: {anyOf: [{type: integer}, {type: foo}]}}}\n",
                "3:67 params.a.schema.anyOf[1].type: expected one of"
            ),
            ("params: {a: {default: 1, multipleOf: 0}}\n", "expected a number above 0, found the number 0"),
            ("params: {a: {default: 1, unit: s}}\n", "'unit' is no key of a parameter's schema"),
            ("tasks: [{id: t, uses: empty, params: {a: {default: 5, type: string}}}]\n", "the default does not fit"),
            (
                "schedule: '@daily'\nparams: {a: {type: string}}\n",
                "4:10 params.a: the parameter 'a' has no default, and a schedule gives it no value"
            ),
            ("schedule: '@daily'\nparams: {a: {default: null, type: string}}\n", "has no default, and a schedule"),
            // Backtracking would try 2^30 ways, and more.
            (
                "params: {a: {default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!, pattern: '^(a+)+$'}}\n",
                "takes too many steps; write the pattern so that a text can match in one way only"
            ),
            (
                "params: {a: {default: abcdefghijklmnopqrstuvwxyzabcdefghijklmn, pattern: '^(([a-z])+.)+[A-Z]([a-z])+$'}}\n",
                "takes too many steps"
            ),
        ])
    func parameters(body: String, expected: String) { expectProblem(expected, in: body) }

    @Test(
        "a parameter that a trigger must give, and a mapping that is the value, are fine",
        arguments: [
            "params: {a: {type: string}}\n", "params: {a: {default: null, type: string}}\n",
            "params: {a: {kind: foo, type: foo}}\n", "params: {a: {default: {type: foo}}}\n",
            "schedule: '@daily'\nparams: {a: {default: null, type: [string, 'null']}}\n",
            "schedule: '@daily'\nparams: {a: {default: x, type: string, pattern: '^x'}, b: null, c: [1]}\n",
            "params: {a: {default: ab, pattern: '(?<=a)b'}, b: {default: 가, pattern: '^\\uAC00\\w*$'}}\n",
            "params: {a: {default: '42', type: string, enum: ['42'], schema: {pattern: '^\\d{2}$'}}}\n",
        ])
    func goodParameters(body: String) {
        let found = problems(body + "tasks: [{id: t, uses: empty}]\n")
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(
        "what the text itself shows is said",
        arguments: [
            (
                "tasks: [{id: t, uses: bash, with: {bash_command: x}, map_index_template: '{{'}]\n",
                "tasks[0].map_index_template: in the template: "
            ),
            ("tasks: [{id: t, uses: empty, map_index_template: '{{ nope }}'}]\n", "unknown name 'nope'"),
            ("tasks: [{id: t, uses: empty, group: x..y}]\n", "3:37 tasks[0].group: expected a group's name"),
            ("tasks: [{id: t, uses: empty, group: .}]\n", "3:37 tasks[0].group: expected a group's name"),
            (
                "tasks: [{id: a, uses: empty}, {id: b, uses: empty, group: a.b}]\n",
                "3:59 tasks[1].group: the group 'a' is called like the task at a.yaml:3:14"
            ),
            ("allowed_run_types: []\n", "3:20 allowed_run_types: the list is empty"),
            ("tasks: [{id: t, uses: empty, max_retry_delay: 2d}]\n", "3:47 tasks[0].max_retry_delay: a try is never"),
            (
                "tasks: [{id: load, uses: empty}, {id: t, run: {x: {$t: \"{{ ti.xcom_pull('laod') }}\"}}}]\n",
                "pulls the output of 'laod', and no task has that id (did you mean 'load'?)"
            ),
            (
                "tasks: [{id: t, run: {x: {$t: '{{ ti.xcom_pull(task_ids=[\"t\", \"zz\"]) }}'}}}]\n",
                "pulls the output of 'zz'"
            ),
            (
                "tasks: [{id: t, run: {x: {$t: '{% if ds %}{{ ti . xcom_pull (task_ids=(\"zz\",)) | first }}{% endif %}'}}}]\n",
                "pulls the output of 'zz'"
            ),
            ("templates: {a: {foo: 1}}\n", "3:17 templates.a.foo: unknown task attribute 'foo'"),
            ("templates: {a: {retries: x}}\n", "3:26 templates.a.retries: expected a whole number"),
            (
                "templates: {a: {uses: bash, with: {bash_comand: x}}}\n",
                "3:36 templates.a.with.bash_comand: the operator 'bash' has no argument"
            ),
            ("tasks: [{id: u, uses: empty}, {id: t, uses: empty, needs: [u, u]}]\n", "3:63 tasks[1].needs[1]: 'u' is"),
            ("start_date: 2026-02-30\n", "\"2026-02-30\" is not a date: there is no such day"),
            ("start_date: 2026-13-01T00:00\n", "there is no such month"),
            ("schedule: 'CRON_TZ=UTC 0 0 * * *'\n", "a zone is not part of the expression; set the DAG's timezone"),
            ("tasks: [{id: t, uses: bash, expand: {}}]\n", "found an empty mapping"),
            (
                "schedule: {uses: MultipleCronTriggerTimetable, with: {crons: []}}\n",
                "expected at least one cron expression, found an empty list"
            ),
            ("tasks: [{id: t, uses: market_fetch, with: {timeout: -5s}}]\n", "takes a duration above zero"),
        ])
    func problem(body: String, expected: String) { expectProblem(expected, in: body) }

    @Test("a template may leave out what its tasks say, and pulls of known or computed ids are fine")
    func quiet() {
        let found = problems(
            """
            templates:
              shell: {bash_command: echo, retries: 2}
              part: {extends: [shell], with: {cwd: /tmp}}
            tasks:
              - {id: a, extends: [part], uses: bash}
              - id: b
                uses: bash
                needs: [a]
                with:
                  bash_command: {$t: "{{ ti.xcom_pull('a') }} {{ ti.xcom_pull('x' ~ ds) }} {{ ti.xcom_pull(key='k') }}"}
              - id: c
                uses: bash
                needs: [a]
                with:
                  bash_command:
                    $t: |
                      {# ti.xcom_pull('gone') #} xcom_pull('gone') {% raw %}{{ ti.xcom_pull('gone') }}{% endraw %}
                      {{ ti.xcom_pull(['a', 'gone' ~ ds]) }} {{ "ti.xcom_pull('gone')" }}
            """)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(
        "one mistake is one problem, told once",
        arguments: [
            "max_active_runs: !!int \"x\"\n", "max_active_runs: 99999999999999999999999\n", "tags: !!set {a, b}\n",
            "schedule: '@dayly'\n", "timezone: Asia/Soul\n",
        ])
    func once(body: String) {
        let found = problems(body + "tasks: [{id: t, uses: empty}]\n")
        #expect(found.count == 1, "\(found.joined(separator: "\n"))")
        let hints = found.first?.ranges(of: "did you mean").count ?? 0
        #expect(hints <= 1, "\(found)")
    }

    @Test("a long name is cut in the message")
    func long() {
        let name = String(repeating: "k", count: 900)
        let found = problems("\(name): 1\ntasks: [{id: t, uses: \(name), needs: [\(name)]}]\n")
        #expect(found.count == 3)
        #expect(found.allSatisfy { $0.count < 400 }, "\(found.map(\.count))")
    }

    @Test("a version of YAML that is not read is named")
    func version() {
        let found = problems(ofText: "%YAML 2.0\n---\n" + document("tasks: []\n"))
        #expect(found.contains { $0.contains("this version of YAML is not read (write %YAML 1.2") }, "\(found)")
    }
}
