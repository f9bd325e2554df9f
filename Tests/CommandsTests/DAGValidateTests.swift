import DAGModel
import FoundationEssentials
import Testing

@Suite("dag validate") struct DAGValidateTests {
    typealias Harness = CommandLineHarness

    /// A folder of its own that is gone after the test.
    private func withFolder(_ files: [String: String], _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "validate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await body(folder.path)
    }

    private static func document(_ id: String, zone: String? = nil, cron: String = "30 2 * * *", uses: String = "bash")
        -> String
    {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: \(id)
        schedule: "\(cron)"
        \(zone.map { "timezone: \($0)\n" } ?? "")start_date: 2026-01-01
        tasks:
          - id: hello
            uses: \(uses)
            with: {bash_command: echo hello}

        """
    }

    @Test("good documents end in 0 with a summary")
    func good() async throws {
        try await withFolder(["a.yaml": Self.document("a"), "b/b.yml": Self.document("b")]) { folder in
            let outcome = await Harness.run("dag", "validate", folder)
            #expect(outcome.code == 0)
            #expect(outcome.errors.isEmpty)
            #expect(outcome.output == "2 valid DAGs in 2 files: no problems\n")
        }
    }

    /// `empty` keeps no output, and `use` reads it.
    private static let lints = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: a
        schedule: "0 0 * * *"
        start_date: 2027-01-01
        catchup: true
        tasks:
          - id: hello
            uses: empty
          - id: use
            uses: bash
            with: {bash_command: {$x: hello}}

        """

    @Test("lints are warnings with a name")
    func lints() async throws {
        try await withFolder(["a.yaml": Self.lints]) { folder in
            let outcome = await Harness.run("dag", "validate", folder, "--output", "json")
            #expect(outcome.code == 0)
            let found = (outcome.json.arrayValue ?? []).compactMap { $0["lint"]?.stringValue }
            #expect(found.sorted() == ["future-start-with-catchup", "output-never-written"])
            let text = await Harness.run("dag", "validate", folder)
            #expect(text.errors.contains("[output-never-written]"))
            #expect(text.errors.contains("\(folder)/a.yaml:9:"))
        }
    }

    private static func bounded(cron: String, end: String) -> String {
        document("a", cron: cron).replacing(
            "start_date: 2026-01-01\n", with: "start_date: 2026-01-01\nend_date: \(end)\n")
    }

    private static func fetching(schedule: String, _ more: String = "") -> String {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: a
        schedule: \(schedule)
        start_date: 2026-01-01
        tasks:
          - id: fetch
            uses: market_fetch
            with: {exchange: upbit, endpoint: candles\(more)}

        """
    }

    private static func handler(_ more: String) -> String {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: a
        schedule: null
        start_date: 2026-01-01
        tasks:
          - {id: score, run: {}\(more)}

        """
    }

    private static let intervals =
        "{uses: airflow.timetables.interval.CronDataIntervalTimetable, with: {cron: \"0 * * * *\", timezone: UTC}}"

    @Test(
        "a schedule that never fires between its bounds, a fetch of no interval, and a handler without a worker are told",
        arguments: [
            (
                bounded(cron: "0 0 1 6 *", end: "2026-03-01"), "schedule-never-fires",
                "schedule: no instant of the schedule"
            ),
            (bounded(cron: "0 0 1 6 *", end: "2026-06-01"), nil, ""),
            (document("a", cron: "0 0 1 6 *"), nil, ""),
            (fetching(schedule: "\"0 * * * *\""), "cron-without-interval", "a.yaml:6:"),
            (fetching(schedule: intervals), nil, ""),
            (fetching(schedule: "null"), nil, ""),
            (fetching(schedule: "\"0 * * * *\"", ", start: 2026-01-01, end: 2026-01-02"), nil, ""),
            (handler(""), "run-in-default-queue", "a.yaml:6:"),
            (handler(", queue: swift"), nil, ""),
        ])
    func surprises(document: String, lint: String?, told: String) async throws {
        try await withFolder(["a.yaml": document]) { folder in
            let outcome = await Harness.run("dag", "validate", folder, "--output", "json")
            #expect(outcome.code == 0, "\(outcome)")
            let found = (outcome.json.arrayValue ?? []).compactMap { $0["lint"]?.stringValue }
            #expect(found == [lint].compactMap { $0 })
            let text = await Harness.run("dag", "validate", folder).errors
            #expect(lint == nil ? text.isEmpty : text.contains(told) && text.contains("[\(lint ?? "")]"), "\(text)")
        }
    }

    @Test("lints are left out by name and by a comment")
    func allowed() async throws {
        let commented = Self.lints.replacing(
            "  - id: use\n", with: "  # cryptoflow: allow output-never-written\n  - id: use\n")
        try await withFolder(["a.yaml": commented]) { folder in
            let outcome = await Harness.run(
                "dag", "validate", folder, "--allow", "future-start-with-catchup", "--output", "json")
            let found = (outcome.json.arrayValue ?? []).compactMap { $0["lint"]?.stringValue }
            #expect(found.isEmpty)
            let wrong = await Harness.run("dag", "validate", folder, "--allow", "nothing")
            #expect(wrong.code == 2)
        }
    }

    @Test("problems go to standard error with file, line and column")
    func broken() async throws {
        try await withFolder([
            "a.yaml": Self.document("a", uses: "bsh"), "b.yaml": Self.document("b", cron: "60 * * * *"),
        ]) { folder in
            let outcome = await Harness.run("dag", "validate", folder)
            #expect(outcome.code == 1)
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix("\(folder)/a.yaml:7:11: error: tasks[0].uses: ") == true)
            #expect(lines.last?.hasPrefix("\(folder)/b.yaml:3:") == true)
            #expect(outcome.output == "0 valid DAGs in 2 files: 2 errors\n")
        }
    }

    @Test("as JSON the problems are a list on standard output")
    func json() async throws {
        try await withFolder(["a.yaml": Self.document("a", uses: "bsh"), "b.yaml": Self.document("b")]) { folder in
            let outcome = await Harness.run(
                "dag", "validate", "\(folder)/a.yaml", "\(folder)/b.yaml", "--output", "json")
            #expect(outcome.code == 1)
            #expect(outcome.errors.isEmpty)
            let problem = try #require(outcome.json.arrayValue?.first)
            #expect(outcome.json.arrayValue?.count == 1)
            #expect(problem["file"] == .string("\(folder)/a.yaml"))
            #expect(problem["line"] == 7)
            #expect(problem["column"] == 11)
            #expect(problem["severity"] == "error")
            #expect(problem["key_path"] == "tasks[0].uses")
            #expect(
                problem.objectValue?.keys.sorted() == [
                    "column", "file", "hint", "key_path", "line", "lint", "message", "severity",
                ])
            let good = await Harness.run("dag", "validate", "\(folder)/b.yaml", "--output", "json")
            #expect(good.code == 0)
            #expect(good.output == "[]\n")
        }
    }

    @Test("a dag_id in two files is an error, also across folders; the same file twice is not")
    func duplicates() async throws {
        try await withFolder(["one/a.yaml": Self.document("same"), "two/a.yaml": Self.document("same")]) { folder in
            let outcome = await Harness.run("dag", "validate", "\(folder)/one", "\(folder)/two")
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("\(folder)/two/a.yaml:"))
            #expect(outcome.errors.contains("already taken by \(folder)/one/a.yaml"))
            let twice = await Harness.run("dag", "validate", "\(folder)/one", "\(folder)/one/a.yaml")
            #expect(twice.code == 0)
        }
    }

    @Test("what Airflow would not load is an error only when asked")
    func portable() async throws {
        let text = Self.document("a") + "catchup_window: 2d\n"
        try await withFolder(["a.yaml": text]) { folder in
            #expect(await Harness.run("dag", "validate", folder).code == 0)
            let outcome = await Harness.run("dag", "validate", folder, "--portable")
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("catchup_window"))
        }
    }

    @Test("the next clock changes that touch a schedule are shown")
    func clockChange() async throws {
        try await withFolder([
            "a.yaml": Self.document("a", zone: "Europe/Berlin"), "b.yaml": Self.document("b", zone: "Asia/Seoul"),
        ]) { folder in
            let outcome = await Harness.run("dag", "validate", folder)
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("a: 2027-03-28: clocks in Europe/Berlin"))
            #expect(outcome.output.contains("02:30 does not exist"))
            #expect(!outcome.output.contains("b: "))
        }
    }

    @Test("a path where nothing is is an error")
    func missing() async {
        let outcome = await Harness.run("dag", "validate", "/nonexistent/dags")
        #expect(outcome.code == 1)
        #expect(outcome.errors == "/nonexistent/dags:1:1: error: there is no such file or folder\n")
    }

    @Test("a lone file may read the files of its DAG folder")
    func loneFile() async throws {
        let text = Self.document("a").replacing("echo hello", with: "{$f: ../sql/x.sh}")
        try await withFolder(["dags/team/a.yaml": text, "dags/sql/x.sh": "echo hello\n"]) { folder in
            let outcome = await Harness.run("dag", "validate", "\(folder)/dags/team/a.yaml")
            #expect(outcome.errors.isEmpty)
            #expect(outcome.code == 0)
        }
    }
}
