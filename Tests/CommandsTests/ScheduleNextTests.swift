import DAGModel
import Testing

@Suite("schedule next") struct ScheduleNextTests {
    typealias Harness = CommandLineHarness

    @Test("times come as a JSON list with the zone's offset, strictly after the instant")
    func json() async {
        let outcome = await Harness.run(
            "schedule", "next", "18 7 * * *", "--timezone", "Asia/Seoul", "--after", "2024-02-28T07:18:00+09:00",
            "--count", "2",
            "--output", "json")
        #expect(outcome.code == 0)
        #expect(outcome.json == ["2024-02-29T07:18:00+09:00", "2024-03-01T07:18:00+09:00"])
        #expect(outcome.errors.isEmpty)
    }

    @Test("five times in UTC after now are the default")
    func defaults() async {
        let outcome = await Harness.run("schedule", "next", "@hourly", "-o", "json")
        #expect(outcome.json.arrayValue?.count == 5)
        #expect(outcome.json.arrayValue?.first == "2026-11-21T11:00:00+00:00")
    }

    @Test("an instant without an offset is in the zone")
    func localAfter() async {
        let outcome = await Harness.run(
            "schedule", "next", "0 * * * *", "--timezone", "Asia/Seoul", "--after", "2026-01-01T05:30", "--count", "1",
            "-o",
            "json")
        #expect(outcome.json == ["2026-01-01T06:00:00+09:00"])
    }

    @Test(
        "an invalid expression ends in 1 and names its field",
        arguments: [
            ("60 * * * *", "minute"), ("* 24 * * *", "hour"), ("* * 32 * *", "day-of-month"), ("* * * 13 *", "month"),
            ("* * * * 8", "day-of-week"), ("-1 * * * *", "minute"), ("-5", "missing hour"), ("- * * * *", "minute"),
        ])
    func invalid(expression: String, field: String) async {
        let outcome = await Harness.run("schedule", "next", expression, "--output", "json", "--count", "3")
        #expect(outcome.code == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(field))
    }

    @Test("a schedule that never fires gives an empty list and says so")
    func never() async {
        let outcome = await Harness.run("schedule", "next", "0 0 31 4 *", "--output", "json")
        #expect(outcome.code == 0)
        #expect(outcome.output == "[]\n")
        #expect(outcome.errors.contains("never fires"))
    }

    @Test(
        "the policy decides what a clock change does",
        arguments: [
            ("debian", "2026-03-29T03:00:00+02:00"), ("airflow", "2026-03-29T03:30:00+02:00"),
            ("gap:shift", "2026-03-29T03:30:00+02:00"), ("gap:skip,overlap:both", "2026-03-30T02:30:00+02:00"),
        ])
    func policy(text: String, expected: String) async {
        let outcome = await Harness.run(
            "schedule", "next", "30 2 * * *", "--timezone", "Europe/Berlin", "--after", "2026-03-28T12:00", "--count",
            "1", "-o",
            "json", "--dst", text)
        #expect(outcome.json == [.string(expected)])
    }

    @Test(
        "a wrong command line ends in 2",
        arguments: [
            ["--timezone", "Asia/Soul"], ["--after", "yesterday"], ["--count", "0"], ["--dst", "gap:maybe"],
            ["--nonsense"],
            ["--output", "xml"],
        ])
    func usage(arguments: [String]) async {
        let outcome =
            arguments.count == 2
            ? await Harness.run("schedule", "next", "@daily", arguments[0], arguments[1])
            : await Harness.run("schedule", "next", "@daily", arguments[0])
        #expect(outcome.code == 2)
        #expect(outcome.errors.hasPrefix("error: "))
    }

    @Test("the table shows local time and UTC")
    func table() async {
        let outcome = await Harness.run(
            "schedule", "next", "0 9 * * *", "--timezone", "Asia/Seoul", "--after", "2026-11-21T00:00", "--count", "1")
        #expect(
            outcome.output == """
                TIME                       DAY  UTC
                2026-11-21T09:00:00+09:00  Sat  2026-11-21T00:00:00Z

                """)
    }
}
