import DAGModel
import FoundationEssentials
import Glibc
import Testing

/// What people change and ask by hand, with the programs and a database of their own.
@Suite("changes and questions by hand") struct HandTests {
    private static func document(_ id: String, schedule: String = "null", _ tasks: String, more: String = "") -> String
    {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: \(id)
        schedule: \(schedule)
        start_date: 2026-03-01
        is_paused_upon_creation: false
        \(more)
        tasks:
        \(tasks)

        """
    }

    /// `break` fails until the file `mended` is there.
    private static func fragile(_ scratch: Scratch) -> String {
        document(
            "fragile",
            """
              - id: prepare
                uses: bash
                with: {bash_command: "echo ready"}
              - id: break
                uses: bash
                needs: [prepare]
                with: {bash_command: "test -e \(scratch.folder)/mended"}
              - id: report
                uses: bash
                needs: [break]
                with: {bash_command: "echo done"}
            """)
    }

    /// Its only task holds until the file `open` is there.
    private static func holding(_ scratch: Scratch, schedule: String = "null") -> String {
        document(
            "holding", schedule: schedule,
            """
              - id: hold
                uses: bash
                with: {bash_command: "until test -e \(scratch.folder)/open; do sleep 0.05; done"}
            """, more: "end_date: 2026-03-02")
    }

    private static let spread = document(
        "spread",
        """
          - id: each
            uses: bash
            with: {bash_command: "echo \\"$M\\""}
            expand: {env: [{M: KRW-BTC}, {M: KRW-ETH}, {M: KRW-XRP}]}
          - id: gather
            uses: bash
            needs: [each]
            with:
              bash_command: {$t: "echo {{ ti.xcom_pull('each') | join('+') }} {{ ti.xcom_pull('each', map_indexes=1) }}"}
        """)

    /// A command's standard output as JSON.
    private func json(_ scratch: Scratch, _ arguments: String..., code: Int32 = 0) async throws -> JSONValue {
        let program = try scratch.start("cryptoflow", arguments + ["--output", "json", "--home", scratch.home])
        let result = try await program.finish()
        guard result.code == code else { throw program.failure("ended with \(result.code) instead of \(code)") }
        return try JSONValue(parsing: result.output)
    }

    /// Each task of a run with its state and how often it was tried.
    private func tasks(_ scratch: Scratch, _ dag: String, _ run: String) async throws -> [String] {
        let shown = try await json(scratch, "run", "show", dag, run)
        return (shown["tasks"]?.arrayValue ?? []).map { task in
            "\(task["task_id"]?.stringValue ?? "") \(task["state"]?.stringValue ?? "") \(task["try_number"]?.intValue ?? -1)"
        }
    }

    @Test("a run is cleared, marked and deleted, and its history says so", .timeLimit(.minutes(2)))
    func changes() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.fragile(scratch), to: "dags/fragile.yaml")
            try scratch.write(Self.holding(scratch), to: "dags/holding.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
            try await program.line(containing: "scheduler  leading")
            let database = try await scratch.database()
            try await clearing(scratch, database)
            try await marking(scratch, database)
            try await stopping(scratch, database)
            try await deleting(scratch, database)
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
        }
    }

    private func clearing(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("dag", "trigger", "fragile", "--run-id", "r1", "--wait", code: 1)
        let broken = ["prepare success 1", "break failed 1", "report upstream_failed 0"]
        #expect(try await tasks(scratch, "fragile", "r1") == broken)
        let planned = try await json(scratch, "run", "clear", "fragile", "r1", "--only-failed", "--dry-run")
        #expect(Self.tasks(planned) == ["r1 break", "r1 report"])
        #expect(planned["state"] == "dry_run")
        #expect(try await tasks(scratch, "fragile", "r1") == broken, "a dry run changes nothing")

        try scratch.write("", to: "mended")
        let cleared = try await json(scratch, "run", "clear", "fragile", "r1", "--only-failed")
        #expect(Self.tasks(cleared) == ["r1 break", "r1 report"])
        try await database.wait(for: "success", "SELECT state FROM dag_run WHERE run_id = 'r1'")
        #expect(
            try await tasks(scratch, "fragile", "r1") == ["prepare success 1", "break success 2", "report success 1"])
        #expect(
            try await database.column(
                "SELECT task_id || ' ' || state FROM task_attempt WHERE run_id = 'r1' ORDER BY started_at")
                == ["prepare success", "break failed", "break success", "report success"],
            "the earlier tries stay")
        try await Rules.check(Rules.history, in: database)

        let below = try await json(scratch, "run", "clear", "fragile", "r1", "--task", "break", "--downstream")
        #expect(Self.tasks(below) == ["r1 break", "r1 report"])
        try await database.wait(
            for: "success",
            "SELECT state FROM history.tasks WHERE run_id = 'r1' AND task_id = 'report' AND try_number = 2")
        let stray = try await scratch.cryptoflow("run", "clear", "fragile", "r1", "--task", "brake", code: 1)
        #expect(stray.errors.contains("did you mean \"break\"?"), "\(stray.errors)")
        let idle = try await scratch.cryptoflow("run", "clear", "fragile", "r1", "--only-failed", code: 1)
        #expect(idle.errors.contains("nothing to clear"), "\(idle.errors)")
    }

    private func marking(_ scratch: Scratch, _ database: Database) async throws {
        try FileManager.default.removeItem(atPath: scratch.folder + "/mended")
        try await scratch.cryptoflow("dag", "trigger", "fragile", "--run-id", "r2", "--wait", code: 1)
        let marked = try await json(scratch, "task", "mark", "fragile", "r2", "break", "success")
        #expect(Self.tasks(marked) == ["r2 break"])
        try await database.wait(for: "success", "SELECT state FROM dag_run WHERE run_id = 'r2'")
        // What could not run for the failure's sake has run; the failed try stays what it was.
        #expect(
            try await tasks(scratch, "fragile", "r2") == ["prepare success 1", "break success 1", "report success 1"])
        #expect(
            try await database.value("SELECT state FROM task_attempt WHERE run_id = 'r2' AND task_id = 'break'")
                == "failed")
        #expect(
            try await database.value("SELECT reason FROM history.tasks WHERE run_id = 'r2' AND task_id = 'break'")
                == "marked success")
        try await scratch.cryptoflow("task", "mark", "fragile", "r2", "report", "failed")
        try await database.wait(for: "failed", "SELECT state FROM dag_run WHERE run_id = 'r2'")
        let unknown = try await scratch.cryptoflow("task", "mark", "fragile", "r2", "reprot", "failed", code: 1)
        #expect(unknown.errors.contains("reprot"), "\(unknown.errors)")
        try await scratch.cryptoflow("task", "mark", "fragile", "r2", "report", "skipped", code: 2)
    }

    /// A task that runs is stopped when it is marked.
    private func stopping(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("dag", "trigger", "holding", "--run-id", "h1")
        try await database.wait("SELECT count(*) = 1 FROM task_attempt WHERE run_id = 'h1' AND pid IS NOT NULL")
        let early = try await scratch.cryptoflow("run", "delete", "holding", "h1", code: 1)
        #expect(early.errors.contains("has not ended: cancel it first"), "\(early.errors)")
        try await scratch.cryptoflow("task", "mark", "holding", "h1", "hold", "success")
        try await database.wait(for: "success", "SELECT state FROM dag_run WHERE run_id = 'h1'")
        #expect(scratch.processes().filter { $0.command.contains("test -e") }.map(\.description) == [])
        #expect(try await tasks(scratch, "holding", "h1") == ["hold success 1"])
    }

    private func deleting(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("run", "delete", "fragile", "r1")
        for table in ["dag_run", "task_attempt", "history.tasks"] {
            #expect(try await database.value("SELECT count(*) FROM \(table) WHERE run_id = 'r1'") == "0", "\(table)")
        }
        let gone = try await scratch.cryptoflow("run", "show", "fragile", "r1", code: 1)
        #expect(gone.errors.contains("r1"), "\(gone.errors)")
        #expect(try await database.value("SELECT count(*) FROM dag_run WHERE run_id = 'r2'") == "1")
        // The name is free again.
        try await scratch.cryptoflow("dag", "trigger", "fragile", "--run-id", "r1", "--wait", code: 1)
    }

    @Test("why, dag versions, dag schema and task render answer from a real history", .timeLimit(.minutes(2)))
    func questions() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.fragile(scratch), to: "dags/fragile.yaml")
            try scratch.write(Self.holding(scratch, schedule: "\"0 * * * *\""), to: "dags/holding.yaml")
            try scratch.write(Self.spread, to: "dags/spread.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
            try await program.line(containing: "scheduler  leading in epoch 1 with 3 DAGs")
            let database = try await scratch.database()
            try await waits(scratch, database)
            try await backfillWaits(scratch, database)
            try await mapped(scratch, database)
            try await versions(scratch, database)
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
            try await schema(scratch)
        }
    }

    /// What `why` says first.
    private func why(_ scratch: Scratch, _ arguments: String...) async throws -> String {
        let program = try scratch.start(
            "cryptoflow", ["why"] + arguments + ["--output", "json", "--home", scratch.home])
        let result = try await program.finish()
        guard result.code == 0 else { throw program.failure("ended with \(result.code)") }
        let answer = try JSONValue(parsing: result.output)
        let blocking = answer["blocking"]?["name"]?.stringValue ?? "nothing"
        return "\(blocking): \(answer["answer"]?.stringValue ?? "")"
    }

    private func waits(_ scratch: Scratch, _ database: Database) async throws {
        #expect(try await why(scratch, "fragile").hasPrefix("schedule: "))
        try await scratch.cryptoflow("dag", "pause", "fragile")
        try await scratch.cryptoflow("dag", "trigger", "fragile", "--run-id", "r1")
        #expect(try await why(scratch, "fragile", "r1") == "not_paused: the DAG is paused")
        #expect(try await why(scratch, "fragile", "r1", "report") == "run: its run is queued: the DAG is paused")
        try await scratch.cryptoflow("dag", "unpause", "fragile")
        try await database.wait(for: "failed", "SELECT state FROM dag_run WHERE run_id = 'r1'")
        let ended = try await why(scratch, "fragile", "r1", "break")
        #expect(ended.hasPrefix("nothing: the task ended in failed: ") && ended.contains("1"), "\(ended)")

        // Its schedule ended before it was loaded, so it makes no run.
        #expect(try await database.value("SELECT count(*) FROM dag_run WHERE dag_id = 'holding'") == "0")
        let last = "h0"
        try await scratch.cryptoflow("dag", "trigger", "holding", "--run-id", last)
        try await database.wait("SELECT count(*) = 1 FROM task_attempt WHERE run_id = '\(last)' AND pid IS NOT NULL")
        #expect(try await why(scratch, "holding", last, "hold") == "ended: try 1 is running")
        #expect(try await why(scratch, "holding", last) == "task hold: task hold is running: try 1 is running")
        try await scratch.cryptoflow("run", "cancel", "holding", last)
        try await database.wait(for: "failed", "SELECT state FROM dag_run WHERE run_id = '\(last)'")
    }

    private func backfillWaits(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("dag", "pause", "holding")
        let made = try await json(
            scratch, "dag", "backfill", "holding", "--from", "2026-03-01", "--to", "2026-03-01T02:00:00Z",
            "--max-active", "1")
        let id = String(try #require(made["id"]?.intValue))
        #expect(try await why(scratch, "holding", "--backfill", id) == "not_paused: the DAG is paused")
        try await scratch.cryptoflow("dag", "unpause", "holding")
        try await database.wait("SELECT count(*) = 1 FROM task_attempt WHERE ended_at IS NULL AND pid IS NOT NULL")
        #expect(
            try await why(scratch, "holding", "--backfill", id)
                == "max_active: 1 of its at most 1 runs at once are under way")
        try await scratch.cryptoflow("backfill", "pause", id)
        #expect(try await why(scratch, "holding", "--backfill", id) == "wanted: the backfill is paused")
        try await scratch.cryptoflow("backfill", "resume", id)
        try scratch.write("", to: "open")
        try await database.wait(
            "SELECT count(*) = 3 FROM dag_run WHERE backfill = \(id) AND state = 'success'")
        try await database.wait("SELECT state = 'completed' AND ended_at IS NOT NULL FROM backfill WHERE id = \(id)")
        #expect(
            try await why(scratch, "holding", "--backfill", id)
                .hasPrefix("nothing: the backfill ended in completed at "))
        let other = try await scratch.cryptoflow("why", "fragile", "--backfill", id, code: 1)
        #expect(other.errors.contains("has no backfill \(id)"), "\(other.errors)")
    }

    private func mapped(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("dag", "trigger", "spread", "--run-id", "s1", "--wait")
        let log = try await scratch.cryptoflow("task", "logs", "spread", "s1", "gather").output
        #expect(log.contains("KRW-BTC+KRW-ETH+KRW-XRP KRW-ETH"), "\(log)")
        let rendered = try await json(scratch, "task", "render", "spread", "gather", "--run", "s1")
        #expect(rendered["bash_command"] == "echo KRW-BTC+KRW-ETH+KRW-XRP KRW-ETH")
    }

    private func versions(_ scratch: Scratch, _ database: Database) async throws {
        let before = try await json(scratch, "dag", "versions", "fragile")
        #expect(before.arrayValue?.count == 1)
        try scratch.write(
            Self.fragile(scratch).replacing("echo ready", with: "echo steady"), to: "dags/fragile.yaml")
        try await database.wait("SELECT count(*) = 2 FROM dag_version WHERE dag_id = 'fragile'")
        try await database.wait(
            "SELECT version_number = 2 FROM dag JOIN dag_version USING (dag_id, version) WHERE dag_id = 'fragile'")
        let after = try await json(scratch, "dag", "versions", "fragile").arrayValue ?? []
        #expect(after.map { $0["version_number"] } == [2, 1])
        #expect(after.map { $0["is_present"] } == [true, false])
        #expect(after.last?["version_id"] == before.arrayValue?.first?["version_id"], "the old text keeps its name")
        #expect(Set(after.map { $0["version_id"]?.stringValue?.count }) == [64])
        // A run that ended keeps the version it was made from.
        #expect(try await json(scratch, "run", "show", "fragile", "r1")["version_number"] == 1)
    }

    /// Every operator of our documents is in the schema, with its arguments.
    private func schema(_ scratch: Scratch) async throws {
        let result = try await scratch.start("cryptoflow", ["dag", "schema"]).finish()
        #expect(result.code == 0)
        let schema = try JSONValue(parsing: result.output)
        let named = schema["$defs"]?["task"]?["properties"]?["uses"]?["enum"]?.arrayValue ?? []
        let known = Set(named.compactMap(\.stringValue))
        let folder = Installed.checkout + "/dags"
        var used: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".yaml") {
            let text = String(
                decoding: FileManager.default.contents(atPath: folder + "/" + name) ?? Data(), as: UTF8.self)
            for line in text.split(separator: "\n") {
                // A schedule's stands less deep.
                guard line.hasPrefix("    uses: ") else { continue }
                used.insert(String(line.dropFirst("    uses: ".count).prefix { $0 != " " }))
            }
        }
        #expect(used.count > 3 && used.subtracting(known).isEmpty, "\(used.subtracting(known))")
        let fetch = schema["$defs"]?["operator.market_fetch"]?["properties"]
        #expect(fetch?["endpoint"]?["description"]?.stringValue?.isEmpty == false)
        let checks = schema["$defs"]?["operators"]?["allOf"]?.arrayValue ?? []
        #expect(checks.count > 10)
        for check in checks {
            let reference = check["then"]?["properties"]?["with"]?["$ref"]?.stringValue ?? ""
            let name = String(reference.dropFirst("#/$defs/".count))
            #expect(name.hasPrefix("operator.") && schema["$defs"]?[name]?["properties"] != nil, "\(reference)")
        }
    }

    /// The changed tasks as `run task`.
    private static func tasks(_ answer: JSONValue) -> [String]? {
        answer["tasks"]?.arrayValue?.map { "\($0["run_id"]?.stringValue ?? "") \($0["task_id"]?.stringValue ?? "")" }
    }
}
