import FoundationEssentials
import Glibc
import HTTPClient
import Logging
import PrivateCluster
import Testing

/// What scripts rely on: exit codes, output, sentences.
@Suite("the programs as scripts see them") struct CommandTests {
    private static let hello = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: hello
        schedule: null
        start_date: 2026-01-01
        is_paused_upon_creation: false
        tasks:
          - id: greet
            uses: shell
            with: {bash_command: "echo 'good day'; echo 'and good night' >&2"}
          - id: after
            uses: bash
            needs: [greet]
            with: {bash_command: "echo done"}

        """

    private static let failing = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: failing
        schedule: null
        start_date: 2026-01-01
        is_paused_upon_creation: false
        tasks:
          - id: break
            uses: shell
            with: {bash_command: "echo 'about to fail'; exit 3"}
          - id: never
            uses: shell
            needs: [break]
            with: {bash_command: "echo never"}

        """

    /// Two problems: an operator that does not exist, and a task that is not there.
    private static let broken = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: broken
        schedule: null
        start_date: 2026-01-01
        tasks:
          - id: one
            uses: bsh
            with: {bash_command: "echo one"}
          - id: two
            uses: shell
            needs: [three]
            with: {bash_command: "echo two"}

        """

    @Test("dag validate ends in 0 for our documents, in 1 with the places of every problem", .timeLimit(.minutes(1)))
    func validate() async throws {
        try await Scratch.with { scratch in
            try await scratch.cryptoflow("dag", "validate", Installed.checkout + "/dags")
            let good = try await scratch.cryptoflow(
                "dag", "validate", Installed.checkout + "/dags", "--output", "json")
            #expect(good.output.filter { !$0.isWhitespace } == "[]")

            try scratch.write(Self.hello, to: "dags/hello.yaml")
            try scratch.write(Self.broken, to: "dags/broken.yaml")
            try scratch.write("dag_id: [unclosed\n", to: "dags/worse.yaml")
            let told = try await scratch.cryptoflow("dag", "validate", "dags", code: 1)
            #expect(told.errors.contains("broken.yaml:7:"), "\(told.errors)")
            #expect(told.errors.contains("broken.yaml:11:"), "\(told.errors)")
            #expect(told.errors.contains("bash"), "the nearest name: \(told.errors)")
            #expect(told.errors.contains("worse.yaml:"), "\(told.errors)")
            #expect(!told.errors.contains("hello.yaml"), "\(told.errors)")
            let listed = try await scratch.cryptoflow("dag", "validate", "dags", "--output", "json", code: 1)
            let problems = try JSONDecoder().decode([Problem].self, from: Data(listed.output.utf8))
            #expect(problems.filter { $0.file.hasSuffix("broken.yaml") }.map(\.line).sorted() == [7, 11])
            #expect(problems.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty })
            try await scratch.cryptoflow("dag", "validate", "--no-such-flag", code: 2)
        }
    }

    private struct Problem: Decodable {
        let file: String
        let line: Int
        let column: Int
        let message: String
        let severity: String
    }

    @Test(
        "schedule next prints times with offsets as JSON, and names the field of a bad expression",
        .timeLimit(.minutes(1)))
    func scheduleNext() async throws {
        try await Scratch.with { scratch in
            let next = try await scratch.cryptoflow(
                "schedule", "next", "0 9 * * MON-FRI", "--timezone", "Asia/Seoul", "--after", "2026-11-20T00:00:00Z",
                "--count", "2", "--output", "json")
            let times = try JSONDecoder().decode([String].self, from: Data(next.output.utf8))
            // The 20th is a Friday, and 09:00 in Seoul is the very instant, which is not after it.
            #expect(times == ["2026-11-23T09:00:00+09:00", "2026-11-24T09:00:00+09:00"])
            let bad = try await scratch.cryptoflow("schedule", "next", "0 25 * * *", code: 1)
            #expect(bad.errors.contains("hour"), "\(bad.errors)")
        }
    }

    @Test("a folder of good and broken documents: the good run, the broken show", .timeLimit(.minutes(2)))
    func mixedFolder() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.hello, to: "dags/hello.yaml")
            try scratch.write(Self.failing, to: "dags/failing.yaml")
            try scratch.write(Self.broken, to: "dags/broken.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
            try await program.line(containing: "scheduler  leading in epoch 1 with 2 DAGs")
            let database = try await scratch.database()
            try await database.wait("SELECT count(*) = 1 FROM import_error")

            try await listing(scratch)
            try await triggering(scratch)
            try await pausing(scratch, database)
            try await mending(scratch, database)

            #expect(try await database.value("SELECT current_database()") == "cryptoflow_recorded")
            #expect(try await scratch.cryptoflow("db", "status").output.contains("applied"))
            try await secondStandalone(scratch, program)
            try await page(scratch, program, database)

            program.signal(SIGTERM)
            // In order, not by force.
            #expect(try await program.end() == 0)
            #expect(scratch.processes().map(\.description) == [])
            // Without a database there is nothing to ask, and the command says so.
            let late = try await scratch.cryptoflow("run", "list", code: 1)
            #expect(late.errors.contains("standalone"), "\(late.errors)")
        }
    }

    @Test("a program whose database stands still ends all the same, and says why", .timeLimit(.minutes(2)))
    func frozen() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.hello, to: "dags/hello.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--no-stream", "--dags", "dags")
            // Its connections are open once it has committed something.
            try await program.line(containing: "hello  new")
            var servers: [pid_t] = []
            // Again, for those that came while the others were looked for.
            while true {
                let found = scratch.processes().filter { $0.directory.hasPrefix(scratch.home + "/postgres") }.map(\.pid)
                let new = found.filter { !servers.contains($0) }
                if new.isEmpty { break }
                for server in new { kill(server, SIGSTOP) }
                servers += new
            }
            #expect(!servers.isEmpty)
            program.signal(SIGTERM)
            #expect(try await program.end() == 1)
            #expect(program.lines.contains { $0.contains("ended by force") }, "\(program.lines)")
            for server in servers { kill(server, SIGCONT) }
        }
    }

    private func listing(_ scratch: Scratch) async throws {
        let list = try await scratch.cryptoflow("dag", "list")
        #expect(list.output.contains("hello") && list.output.contains("failing"))
        #expect(list.errors.contains("broken.yaml:7:"), "\(list.errors)")
        let dags = try JSONDecoder().decode(
            [Listed].self, from: Data(try await scratch.cryptoflow("dag", "list", "--output", "json").output.utf8))
        #expect(dags.map(\.id).sorted() == ["failing", "hello"])
    }

    private struct Listed: Decodable {
        let id: String

        private enum CodingKeys: String, CodingKey { case id = "dag_id" }
    }

    private struct Run: Decodable {
        let id: String
        let state: String

        private enum CodingKeys: String, CodingKey {
            case id = "run_id"
            case state
        }
    }

    private func triggering(_ scratch: Scratch) async throws {
        let good = try await scratch.cryptoflow("dag", "trigger", "hello", "--wait", "--output", "json")
        let run = try JSONDecoder().decode(Run.self, from: Data(good.output.utf8))
        #expect(run.state == "success")
        let log = try await scratch.cryptoflow("task", "logs", "hello", run.id, "greet").output
        #expect(log.contains("good day") && log.contains("and good night"), "\(log)")

        let bad = try await scratch.cryptoflow("dag", "trigger", "failing", "--run-id", "r1", "--wait", code: 1)
        #expect(bad.errors.contains("break"), "\(bad.errors)")
        let reason = try await scratch.cryptoflow("task", "logs", "failing", "r1", "break").output
        #expect(reason.contains("about to fail"), "\(reason)")
        let shown = try await scratch.cryptoflow("run", "show", "failing", "r1").output
        #expect(shown.contains("upstream_failed"), "\(shown)")

        let unknown = try await scratch.cryptoflow("dag", "trigger", "helo", code: 1)
        #expect(unknown.errors.contains("hello"), "the nearest name: \(unknown.errors)")
    }

    private func pausing(_ scratch: Scratch, _ database: Database) async throws {
        try await scratch.cryptoflow("dag", "pause", "hello")
        #expect(try await database.value("SELECT is_paused FROM dag WHERE dag_id = 'hello'") == "true")
        let note = try await scratch.cryptoflow("dag", "trigger", "hello", "--run-id", "later").errors
        #expect(note.contains("paused"), "\(note)")
        #expect(try await database.value("SELECT state FROM dag_run WHERE run_id = 'later'") == "queued")
        try await scratch.cryptoflow("dag", "unpause", "hello")
        try await database.wait(for: "success", "SELECT state FROM dag_run WHERE run_id = 'later'")
    }

    /// A document is read again when it changes: the scheduler needs no restart.
    private func mending(_ scratch: Scratch, _ database: Database) async throws {
        try scratch.write(
            Self.broken.replacing("bsh", with: "bash").replacing("[three]", with: "[one]"), to: "dags/broken.yaml")
        try await database.wait("SELECT count(*) = 1 FROM dag WHERE dag_id = 'broken' AND is_paused")
        try await database.wait("SELECT count(*) = 0 FROM import_error")
        try scratch.write(Self.broken, to: "dags/hello.yaml")
        try await database.wait("SELECT count(*) = 1 FROM import_error")
        try await scratch.cryptoflow("dag", "trigger", "hello", "--wait")
    }

    private func secondStandalone(_ scratch: Scratch, _ first: Program) async throws {
        let second = try scratch.standalone("--feed", "recorded", "--no-fill")
        let result = try await second.finish()
        #expect(result.code == 1)
        #expect(result.errors.contains("Another cryptoflow (pid \(first.pid)) uses this home"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count <= 3, "a sentence, no dump: \(result.errors)")
        #expect(!first.hasEnded)
    }

    private struct Health: Decodable {
        let status: String
    }

    /// The banner's address, `/health`, and a second program that asks for the same port.
    private func page(_ scratch: Scratch, _ program: Program, _ database: Database) async throws {
        let banner = try await program.line(containing: "http://127.0.0.1:")
        let port = try #require(Int(banner.split(separator: ":").last?.filter(\.isNumber) ?? ""))
        let client = HTTPClient()
        let health = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/health"))
        #expect(health.status == 200, "\(health.text)")
        #expect(try JSONDecoder().decode(Health.self, from: Data(health.body)).status.isEmpty == false)
        let home = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/"))
        #expect(home.status == 200)
        #expect(home.text.contains("recorded data") && home.text.contains("hello"))
        await client.shutDown()

        let other = try scratch.start(
            "cryptoflow",
            [
                "standalone", "--home", scratch.folder + "/other", "--port", "\(port)", "--feed", "recorded",
                "--no-fill", "--dags", "dags",
            ])
        let result = try await other.finish()
        #expect(result.code == 1)
        #expect(result.errors.contains("\(port)"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count <= 3, "a sentence, no dump: \(result.errors)")
    }

    @Test("CRYPTOFLOW_DATABASE_URL names a server of one's own", .timeLimit(.minutes(2)))
    func ownServer() async throws {
        try await Scratch.with { scratch in
            // Not the one that tests share: the programs set the password of a role, which is the whole server's.
            let cluster = PrivateCluster(
                home: try CryptoflowHome(path: scratch.folder + "/server"),
                options: PrivateCluster.Options(settings: .tests, syncsInitialization: false),
                logger: Logger(label: "test.server"))
            do {
                let url = try await cluster.start().url(database: "postgres")
                try await useOwnServer(scratch, url: url)
            } catch {
                await cluster.stop()
                throw error
            }
            await cluster.stop()
        }
    }

    private func useOwnServer(_ scratch: Scratch, url: String) async throws {
        let environment = ["CRYPTOFLOW_DATABASE_URL": url]
        try scratch.write(Self.hello, to: "dags/hello.yaml")
        let program = try scratch.standalone(
            "--feed", "recorded", "--no-fill", "--dags", "dags", environment: environment)
        // It leads before it has committed what its documents say.
        try await program.line(containing: "hello  new")
        #expect(access(scratch.home + "/postgres", F_OK) != 0, "no cluster of its own")
        try await scratch.cryptoflow("dag", "trigger", "hello", "--wait", environment: environment)
        #expect(try await Database(url: url).value("SELECT state FROM dag_run") == "success")
        let printed = try await scratch.cryptoflow("db", "url", environment: environment).output
        #expect(printed == url + "\n")
        program.signal(SIGINT)
        #expect(try await program.end() == 0)

        // The same database, under a scheduler alone.
        let scheduler = try scratch.start(
            "cryptoflow-scheduler", ["--dags", "dags"], environment: environment)
        try await scheduler.line(containing: "scheduler  leading in epoch 2")
        try await scratch.cryptoflow("dag", "trigger", "hello", "--wait", environment: environment)
        scheduler.signal(SIGTERM)
        #expect(try await scheduler.end() == 0)
    }

    @Test(
        "numbers that no sum can hold are refused with their limits", .timeLimit(.minutes(1)),
        arguments: [
            ("cryptoflow-exchange", ["--shift-weeks", "99999999"], "--shift-weeks is between -10000 and 10000"),
            ("cryptoflow-exchange", ["--shift-weeks=-99999999"], "--shift-weeks is between -10000 and 10000"),
            ("cryptoflow-simulate", ["--from", "18446744073709551615"], "beyond the last seed"),
        ])
    func limits(name: String, arguments: [String], problem: String) async throws {
        try await Scratch.with { scratch in
            let result = try await scratch.start(name, arguments).finish()
            #expect(result.code == 64 && result.errors.contains(problem), "\(result)")
        }
    }

    @Test("a database that cannot be reached is told in a sentence, without the password", .timeLimit(.minutes(1)))
    func unreachableServer() async throws {
        try await Scratch.with { scratch in
            let environment = ["CRYPTOFLOW_DATABASE_URL": "postgresql://me:hidden-word@127.0.0.1:1/nowhere"]
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", environment: environment)
            let result = try await program.finish()
            #expect(result.code == 1)
            #expect(result.errors.contains("127.0.0.1"), "\(result.errors)")
            #expect(!(result.errors + result.output).contains("hidden-word"))
        }
    }

    @Test(
        "what happens is in server.log, which cryptoflow logs searches; a collector's file is apart",
        .timeLimit(.minutes(2)))
    func logs() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.hello, to: "dags/hello.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
            try await program.line(containing: "scheduler  leading")
            let banner = try await program.line(containing: "CryptoFlow is at")
            let address = String(banner.split(separator: " ").last { $0.hasPrefix("http") } ?? "")
            let http = HTTPClient()
            for page in ["metrics", "collectors", "logs"] {
                #expect(try await http.send(HTTPRequest(url: address + page)).status == 200, "\(page)")
            }
            await http.shutDown()
            program.signal(SIGINT)
            #expect(try await program.end() == 0)
            let found = try await scratch.cryptoflow("logs", "--grep", "/collectors", "--output", "json")
            #expect(found.output.contains("\"http.status\": \"200\""), "\(found.output)")
            let events = try await scratch.cryptoflow("logs", "--grep", "leading in epoch")
            #expect(events.output.contains("INFO      events: scheduler  leading in epoch 1"), "\(events.output)")
        }
    }

    @Test("what the exchange sends is on the pages, in the API and in the metrics", .timeLimit(.minutes(2)))
    func livePath() async throws {
        try await Scratch.with { scratch in
            try scratch.write(Self.hello, to: "dags/hello.yaml")
            let program = try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
            let banner = try await program.line(containing: "CryptoFlow is at")
            try await program.line(containing: "collector upbit  running")
            try await Pages.with(banner) { pages in
                try await pages.body("api/market/prices", containing: "\"symbol\":\"KRW-BTC\",\"price\":\"")
                try await pages.body(
                    "api/market/trades?symbol=KRW-BTC&limit=2", containing: "\"sequential_id\":\"")
                for (unit, text) in [("1m", "\"open_time\":\""), ("5m", "\"open_time\":\""), ("1h", "\"candles\":[")] {
                    try await pages.body("api/market/history?symbol=KRW-BTC&unit=\(unit)", containing: text)
                }
                try await pages.body("api/market/orderbook?symbol=KRW-BTC", containing: "\"bids\":[[\"")
                let page = try await pages.body("live/KRW-BTC", containing: "data-trade=\"")
                #expect(page.contains("Live from upbit."))
                let metrics = try await pages.body(
                    "metrics", containing: "cryptoflow_stream_messages_total{exchange=\"upbit\",kind=\"trade\"}")
                #expect(metrics.contains("cryptoflow_metrics_source_up{source=\"stream\"} 1"))
            }
            program.signal(SIGINT)
            #expect(try await program.end() == 0)
        }
    }
}
