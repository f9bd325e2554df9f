import CivilTime
import DAGModel
import SeededRandom
import Templates
import Testing

@Suite("Template errors") struct TemplateErrorTests {
    @Test(
        "name what is wrong when the template is read",
        arguments: [
            ("{{ dss }}", 4, "unknown name 'dss'", "did you mean 'ds'?"),
            ("a\n{{ params.x + logcal_date }}", 15, "unknown name 'logcal_date'", "did you mean 'logical_date'?"),
            ("{{ execution_date }}", 4, "unknown name 'execution_date': Airflow 3 removed it", "use logical_date"),
            ("{{ triggering_asset_events }}", 4, "not available in this version", "use events_start and events_end"),
            ("{% if ds %}x", 1, "'{% if %}' that starts here has no {% elif %} or {% else %} or {% endif %}", nil),
            ("a\n{% for x in params.l %}", 1, "'{% for %}' that starts here has no", nil),
            ("{% filtr upper %}", 1, "unknown statement '{% filtr %}'", "did you mean 'filter'?"),
            ("{% for day in [1] %}{{ days_ }}{% endfor %}", 24, "unknown name 'days_'", nil),
            ("{% for x in [1] %}{% endfor %}{{ x }}", 34, "unknown name 'x'", nil),
            ("{% include 'a' %}", 1, "a template is one text", nil),
            ("{{ lipsum() }}", 4, "'lipsum' is not available in this version", nil),
            (
                "{{ [1] | random }}", 10, "unknown filter 'random'",
                "a rendered text must be the same whenever it is rendered"
            ),
            ("{{ ds | uper }}", 9, "unknown filter 'uper'", "did you mean 'upper'?"),
            ("{{ ds is defned }}", 10, "unknown test 'defned'", "did you mean 'defined'?"),
            ("{{ ds", 1, "no closing '}}'", nil),
            ("{# never closed", 1, "no closing '#}'", nil),
            ("{{ 'open }}", 4, "no closing quote", nil),
            ("{% raw %} x", 1, "no '{% endraw %}'", nil),
        ] as [(String, Int, String, String?)])
    func reading(template: String, column: Int, message: String, hint: String?) throws {
        let error = try #require(throws: TemplateError.self) { try Template(parsing: template) }
        #expect(error.message.contains(message))
        #expect(error.column == column)
        if let hint { #expect(error.hint == hint) }
    }

    @Test(
        "name what is wrong when it is rendered",
        arguments: [
            ("{{ params.nme }}", "'params' has no attribute 'nme'"),
            ("{{ var.value.absent }}", "there is no variable 'absent'"),
            ("{{ var.json.plain.x }}", "is not JSON"),
            ("{{ dag }}", "'dag' is an object"),
            ("{{ dag.dagid }}", "'dag' has no attribute 'dagid'"),
            ("{{ ti.xcom_push('a', 1) }}", "a template only reads"),
            ("{{ macros.uuid }}", "must be the same whenever it is rendered"),
            ("{{ macros.random() }}", "must be the same whenever it is rendered"),
            ("{{ conn.nowhere.host }}", "there is no connection 'nowhere'"),
            ("{{ conn.db.hots }}", "'conn.db' has no attribute 'hots'"),
            ("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps"),
            ("{% for i in range(100000) %}{{ 'x' * 100 }}{% endfor %}", "longer than"),
            ("{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}", "nested"),
            (
                "{% set ns = namespace(l=[1]) %}{% for i in range(90) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
                "steps"
            ),
            (
                "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
                "steps"
            ),
            (
                "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                "longer than"
            ),
            ("{{ macros.datetime.now() }}", "must not depend on when it is rendered"),
            ("{{ macros.ds_add('yesterday', 1) }}", "does not match the format"),
            ("{{ ds.upper }}", "call it with parentheses"),
            ("{{ 9223372036854775807 + 1 }}", "too large"),
            ("{{ 'x' * 2000000 }}", "too large"),
            ("{{ ('x' * 600000) ~ ('y' * 600000) }}", "longer than"),
            ("{{ ''.__class__ }}", "not accessible"),
            ("{{ events_start }}", "this run was not started by assets"),
        ])
    func rendering(template: String, message: String) throws {
        let context = try TemplateContext.sample()
        let error = try #require(throws: TemplateError.self) { try Template(parsing: template).render(context) }
        #expect(error.message.contains(message))
    }

    @Test("say why a run started by assets has no date")
    func assetRun() throws {
        var context = try TemplateContext.sample()
        let start = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
        let end = try #require(Timestamp(iso8601: "2026-01-01T02:00:00Z"))
        context.run = TemplateContext.RunFacts(
            id: "asset_triggered__x", type: .assetTriggered, events: DataInterval(start: start, end: end))
        let template = try Template(parsing: "{{ events_start | ts }} {{ events_end }}")
        #expect(try template.render(context) == "2026-01-01T00:00:00+00:00 2026-01-01 02:00:00+00:00")
        let error = try #require(throws: TemplateError.self) { try Template(parsing: "{{ ds }}").render(context) }
        #expect(error.message.contains("started by assets"))
        #expect(error.hint == "use events_start and events_end")
        #expect(try Template(parsing: "{{ logical_date | default('none') }}").render(context) == "none")
    }

    @Test("stay within bounds for nested expressions")
    func depth() {
        let deep = "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}"
        #expect(throws: TemplateError.self) { try Template(parsing: deep) }
        let chain = "{{ ds" + String(repeating: ".x", count: 5000) + " }}"
        #expect(throws: TemplateError.self) { try Template(parsing: chain) }
        let sum = "{{ 1" + String(repeating: " + 1", count: 50_000) + " }}"
        #expect(throws: TemplateError.self) { try Template(parsing: sum) }
        let blocks = String(repeating: "{% if ds %}", count: 5000) + String(repeating: "{% endif %}", count: 5000)
        #expect(throws: TemplateError.self) { try Template(parsing: blocks) }
    }
}

@Suite("Template facts") struct TemplateFactTests {
    @Test("a template knows the names it reads")
    func names() throws {
        let template = try Template(parsing: "{{ ds }} {{ params.x | default(run_id) }} {{ foo | default('a') }}")
        #expect(template.names == ["ds", "params", "run_id"])
        #expect(!template.isPlain)
        #expect(try Template(parsing: "SELECT 1").isPlain)
    }

    @Test(
        "pendulum's date methods",
        arguments: [
            ("{{ logical_date.in_timezone('Asia/Seoul') }}", "2026-02-01 08:05:09+09:00"),
            ("{{ logical_date.in_tz('Asia/Seoul').strftime('%Y%m%d %Z') }}", "20260201 KST"),
            ("{{ logical_date.add(months=1) | ds }}", "2026-02-28"),
            ("{{ logical_date.subtract(days=1, hours=2).isoformat() }}", "2026-01-30T21:05:09+00:00"),
            ("{{ logical_date.start_of('month') }}", "2026-01-01 00:00:00+00:00"),
            ("{{ logical_date.end_of('day') }}", "2026-01-31 23:59:59.999999+00:00"),
            ("{{ logical_date.format('YYYY-MM-DD HH:mm [at] dddd') }}", "2026-01-31 23:05 at Saturday"),
            ("{{ logical_date.to_date_string() }} {{ logical_date.day_of_week }}", "2026-01-31 5"),
            ("{{ logical_date.date() }} {{ logical_date.int_timestamp }}", "2026-01-31 1769900709"),
            ("{{ logical_date.to_iso8601_string() }}", "2026-01-31T23:05:09Z"),
            ("{{ task_instance_key_str }}", "d1__t1__20260131"),
        ])
    func dates(template: String, expected: String) throws {
        #expect(try Template(parsing: template).render(try .sample()) == expected)
    }
}
