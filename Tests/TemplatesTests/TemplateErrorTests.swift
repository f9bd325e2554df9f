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
            ("{{ [1, 2] | truncate(5) }}", "'truncate' needs a text"),
            ("{{ 0 | indent }}", "'indent' needs a text"),
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

    @Test(
        "refuse what would take too long or too much",
        arguments: [
            ("{{ ([[[0]*1000]*1000]*1000) | length }}", "steps"),
            (doubled("[", "]", 40) + "{{ ns.x | pprint }}", "steps"),
            (doubled("(", ")", 40) + "{{ {ns.x: 1} }}", "steps"),
            (doubled("(", ")", 40) + "{% do {}.update([(ns.x, 1)]) %}", "steps"),
            (doubled("(", ")", 40) + "{{ macros.json.dumps(ns.x) }}", "steps"),
            ("{{ 'a'.ljust(1000000, 'x' * 1000) }}", "exactly one character"),
            ("{{ 'a'.rjust(9223372036854775807) }}", "too large"),
            ("{{ macros.json.dumps(range(1000) | list, separators=('x' * 1000000, 'y')) }}", "longer than"),
            ("{{ macros.json.dumps({'a': 1, 'b': 2, 'c': 3}, separators=(',', 'y' * 1000000)) }}", "longer than"),
            ("{{ {'k' * 1000000: range(1000) | list} | pprint }}", "longer than"),
            ("{{ ('a' * 1000000).find('a' * 500000 ~ 'b') }}", "steps"),
            ("{{ ('a' * 1000000).rfind('a' * 500000 ~ 'b') }}", "steps"),
            ("{{ 'a' * 500000 ~ 'b' in 'a' * 1000000 }}", "steps"),
            ("{{ ('a' * 1000000).startswith(('a' * 999999 ~ 'b',) * 100000) }}", "steps"),
            ("{{ ('{0!r:.0}' * 100000).format('a' * 1000000) }}", "steps"),
            ("{{ (('%.0s' * 100000) | safe) % (('a' * 1000000,) * 100000) }}", "steps"),
            ("{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ 'a' | trim(s) }}{% endfor %}", "steps"),
            (
                "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if s is upper %}{% endif %}{% endfor %}",
                "steps"
            ),
            ("{% set l = [''] * 100000 %}{% for i in range(100000) %}{{ ''.join(l) }}{% endfor %}", "steps"),
            ("{{ range(100000) | map(attribute='x' * 1000000, default=0) | list | length }}", "steps"),
            ("{{ ('&' * 1000000) | striptags | length }}", "steps"),
            ("{{ [1] | batch(9223372036854775807, 0) | list }}", "steps"),
            ("{{ [1] | slice(9223372036854775807) | list }}", "steps"),
            ("{{ logical_date.format('[a' * 500000) | length }}", "steps"),
        ])
    func bounds(template: String, message: String) throws {
        let context = try TemplateContext.sample()
        let error = try #require(throws: TemplateError.self) { try Template(parsing: template).render(context) }
        #expect(error.message.contains(message))
    }

    /// A value that holds the one before it twice, and so on.
    private static func doubled(_ open: String, _ close: String, _ times: Int) -> String {
        "{% set ns = namespace(x=1) %}{% for i in range(\(times)) %}{% set ns.x = \(open)ns.x, ns.x\(close) %}{% endfor %}"
    }

    private static let least = "(-9223372036854775807 - 1)"

    @Test(
        "refuse numbers, dates and spans beyond their ends",
        arguments: [
            ("{% set l = [[1]] %}{% do l.remove(l) %}", "no such element"),
            ("{{ 'abc' | truncate(-9223372036854775807) }}", "at least the end's"),
            ("{{ 'abc' | truncate(9223372036854775807, leeway=-9223372036854775807) }}", "at least the end's"),
            ("{{ 5 | round(\(least)) }}", "too large"), ("{{ '%*d' % (\(least), 3) }}", "too large"),
            ("{{ '%.*f' % (\(least), 3) }}", "too large"), ("{{ logical_date.add(days=\(least)) }}", "too large"),
            ("{{ -1e308 * 10 | filesizeformat }}", "'*' cannot join"),
            ("{{ (-1e308 * 10) | filesizeformat }}", "too large"),
            ("{{ macros.timedelta(microseconds=-9223372036854775807) / 3 }}", "too large"),
            ("{{ macros.timedelta(microseconds=\(least)) // -1 }}", "too large"),
            ("{{ macros.timedelta(days=1) * 9223372036854775807 }}", "too large"),
            ("{{ macros.timedelta(days=1) * 1e9 * 1e3 }}", "too large"),
            ("{{ macros.timedelta(days=50000000) + macros.timedelta(days=50000000) }}", "too large"),
            ("{{ macros.timedelta(microseconds=1) / 1e-300 }}", "too large"),
            ("{{ logical_date + macros.timedelta(days=50000000) }}", "out of range"),
            ("{{ logical_date - macros.timedelta(days=2000000) }}", "out of range"),
            ("{{ logical_date.add(days=39999999) }}", "out of range"),
            ("{{ logical_date.add(weeks=1099511627775) }}", "out of range"),
            ("{{ logical_date.add(years=1099511627775) }}", "out of range"),
            ("{{ logical_date.add(years=7974) }}", "out of range"),
            ("{{ logical_date.replace(year=10000) }}", "out of range"),
            ("{{ logical_date.replace(year=0) }}", "out of range"),
            ("{{ logical_date.set(year=200000) }}", "out of range"),
            ("{{ macros.datetime(200000, 1, 1) }}", "out of range"),
            ("{{ macros.datetime(\(least), 1, 1) }}", "no such date"),
            ("{{ macros.datetime(9999, 12, 31) + macros.timedelta(days=1) }}", "out of range"),
            ("{{ macros.datetime.fromisoformat('0000-01-01') }}", "out of range"),
            ("{{ macros.datetime.strptime('0000', '%Y') }}", "out of range"),
            ("{{ macros.ds_add('9999-12-31', 1) }}", "out of range"),
            ("{{ macros.ds_add('0001-01-01', -1) }}", "out of range"),
            ("{{ logical_date.replace(year=9999, month=12).in_timezone('Asia/Seoul') }}", "out of range"),
            ("{{ logical_date.replace(year=5).start_of('decade') }}", "out of range"),
        ])
    func ends(template: String, message: String) throws {
        let context = try TemplateContext.sample()
        let error = try #require(throws: TemplateError.self) { try Template(parsing: template).render(context) }
        #expect(error.message.contains(message))
    }

    @Test(
        "take the largest numbers where they mean something",
        arguments: [
            ("{{ 'a b'.rsplit(' ', 9223372036854775807) }}", "['a', 'b']"),
            ("{{ 'a b c'.rsplit(' ', 1) }}", "['a b', 'c']"),
            ("{{ 'abc'.zfill(-9223372036854775807) }}", "abc"), ("{{ 'abc'.ljust(-9223372036854775807) }}", "abc"),
            ("{{ 'abc'.rjust(\(least)) }}", "abc"), ("{{ 'abc'.center(\(least)) }}", "abc"),
            ("{{ 'abc' | center(\(least)) }}", "abc"), ("{{ 'abc'.center(8, '*') }}", "**abc***"),
            ("{{ -1e30 | filesizeformat }}", "-1000000000000000019884624838656 Bytes"),
            ("{{ -0.5 | filesizeformat }}", "0 Bytes"), ("{{ 999.9 | filesizeformat }}", "999 Bytes"),
            ("{{ (macros.timedelta(microseconds=7) // -2).microseconds }}", "999996"),
            ("{{ (macros.timedelta(microseconds=-7) // -2).microseconds }}", "3"),
            ("{{ (macros.timedelta(microseconds=-7) / -2).microseconds }}", "4"),
            ("{{ (macros.timedelta(microseconds=7) % macros.timedelta(microseconds=-2)).microseconds }}", "999999"),
            ("{{ macros.timedelta(microseconds=5) // \(least) }}", "-1 day, 23:59:59.999999"),
            ("{{ macros.timedelta(microseconds=5) / \(least) }}", "0:00:00"),
            ("{{ '{:015,}'.format(1234) }}", "000,000,001,234"), ("{{ '{:08,}'.format(1234) }}", "0,001,234"),
            ("{{ '{:09,}'.format(-1234) }}", "-0,001,234"), ("{{ '{:011_x}'.format(74565) }}", "0_0001_2345"),
            ("{{ '{:010,.2f}'.format(1234.5) }}", "001,234.50"), ("{{ '{:010000,}'.format(7) | length }}", "10001"),
            ("{{ logical_date.replace(year=9999).end_of('year') }}", "9999-12-31 23:59:59.999999+00:00"),
            ("{{ logical_date.end_of('month') }}", "2026-01-31 23:59:59.999999+00:00"),
            ("{{ logical_date.end_of('week') }}", "2026-02-01 23:59:59.999999+00:00"),
            ("{{ logical_date.end_of('century').year }} {{ logical_date.end_of('decade').year }}", "2100 2029"),
            ("{{ logical_date.last_of('quarter') | ds }}", "2026-03-31"),
            ("{{ macros.datetime(2026, 1, 2).strftime('%z%:z%Z|%:Z|%%z%') }}", "|%:Z|%z%"),
            (
                "{{ 'abcabc'.rfind('bc') }} {{ 'abc'.rfind('x') }} {{ 'aXbXc'.rpartition('X') }}",
                "4 -1 ('aXb', 'X', 'c')"
            ),
            ("{% set l = [3, 1, 2] %}{% do l.sort(reverse=l) %}{% do l.remove(1) %}{{ l }}{{ l.pop(-1) }}", "[3, 2]2"),
            (
                "{% set l = [1, 2] %}{% do l.extend(l) %}{% do l.reverse() %}{{ l }}{% do l.clear() %}{{ l }}",
                "[2, 1, 2, 1][]"
            ),
        ])
    func largest(template: String, expected: String) throws {
        #expect(try Template(parsing: template).render(try .sample()) == expected)
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
