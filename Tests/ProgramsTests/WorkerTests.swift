import FoundationEssentials
import Glibc
import LoopbackHTTP
import Testing

/// Workers as real processes: what they carry out, and what becomes of it when they or the leader die.
@Suite("workers", .timeLimit(.minutes(3))) struct WorkerTests {
    @Test("carry out tasks of their queue; commands say who does, why none does, and what it writes meanwhile")
    func remote() async throws {
        try await WorkerRig.with { rig in
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            try await rig.trigger("r", "echo \"it works on $$\"\necho password hunter22\n" + rig.beats("go"))
            try await rig.database.wait("SELECT EXISTS (SELECT FROM flow.attempt_queue)")
            let why = try await rig.command("why", "remote", "r", "work")
            #expect(why.contains("no worker serves queue \"far\"") && why.contains("cryptoflow worker --queues far"))
            #expect(try await rig.command("run", "show", "remote", "r").contains("queued"))
            // The views say the same: nothing has begun.
            for view in ["tasks", "attempts"] {
                let start = view == "tasks" ? "start_date" : "started_at"
                #expect(
                    try await rig.database.value("SELECT state || coalesce(\(start)::text, '') FROM history.\(view)")
                        == "queued")
            }
            #expect(try await rig.command("worker", "list").contains("no worker: start one"))

            let worker = try rig.worker("one")
            try await worker.line(containing: "remote.work  begins")
            #expect(
                try await rig.database.value("SELECT state || ' ' || (start_date IS NOT NULL) FROM history.tasks")
                    == "running true")
            // Its log is read where there is no file of it, while the task runs.
            while try await !rig.command("task", "logs", "remote", "r", "work", code: nil).contains("it works on") {}
            try await rig.database.wait("SELECT max(running) = 1 FROM flow.worker")
            let list = try await rig.command("worker", "list", "--output", "json")
            #expect(list.contains("\"name\": \"one\"") && list.contains("\"running\": 1"), "\(list)")
            try rig.open("go")
            try await rig.waitForRun("r")
            let log = try await rig.command("task", "logs", "remote", "r", "work")
            #expect(log.contains("it works on") && log.contains("password ***"), "\(log)")
            #expect(
                try await rig.database.value(
                    "SELECT bool_or(position('hunter22'::bytea IN content) > 0) FROM flow.task_log") == "false")
            let past = try await rig.database.value(
                "SELECT state || ' ' || queue || ' ' || worker || ' ' || (started_at >= queued_at) FROM history.attempts"
            )
            #expect(past == "success far one true")
            let left = try await rig.database.value(
                "SELECT (SELECT count(*) FROM flow.attempt_claim) + (SELECT count(*) FROM flow.attempt_result)")
            #expect(left == "0")
            scheduler.signal(SIGTERM)
            worker.signal(SIGTERM)
            #expect(try await scheduler.end() == 0)
            #expect(try await worker.end() == 0)
            #expect(try await rig.database.value("SELECT state FROM flow.worker") == "stopped")
        }
    }

    @Test("that are killed lose their tries to exactly one retry, and leave no process behind")
    func killed() async throws {
        try await WorkerRig.with { rig in
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let first = try rig.worker("first")
            try await rig.trigger("r", rig.beats("go"))
            try await first.line(containing: "remote.work  begins")
            try await rig.waitForTry("r", takenBy: "first")
            while rig.beats.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            first.signal(SIGKILL)
            let second = try rig.worker("second")
            try await rig.waitForTry("r", takenBy: "second")
            let pid = rig.beats.first?.split(separator: " ").last.flatMap { Int32($0) } ?? 0
            #expect(kill(pid, 0) != 0 || !RunningProcess.all().contains { $0.pid == pid })
            try rig.open("go")
            try await rig.waitForRun("r")
            #expect(try await rig.tries("r") == ["lost", "success"])
            #expect(rig.beats.count == 3)
            #expect(rig.beats.filter { $0.hasPrefix("end") }.count == 1)
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
            scheduler.signal(SIGTERM)
            #expect(try await scheduler.end() == 0)
        }
    }

    @Test("that stand still past their time are replaced, stop what they ran, and report nothing when they go on")
    func stopped() async throws {
        try await WorkerRig.with { rig in
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let first = try rig.worker("first")
            try await rig.trigger("r", rig.beats("go"))
            try await first.line(containing: "remote.work  begins")
            while rig.beats.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            try await first.standStill()
            let pid = rig.beats.first?.split(separator: " ").last.flatMap { Int32($0) } ?? 0
            let second = try rig.worker("second")
            try await rig.waitForTry("r", takenBy: "second")
            // Its guard has ended the process before anybody else began; it is a zombie, as nobody collects it.
            #expect(!RunningProcess.all().contains { $0.pid == pid })
            first.signal(SIGCONT)
            try await first.line(containing: "was cut off for too long")
            let noticed = first.lines.firstIndex { $0.contains("was cut off for too long") } ?? 0
            try await first.line(containing: "serves far", after: noticed + 1)
            try rig.open("go")
            try await rig.waitForRun("r")
            #expect(try await rig.tries("r") == ["lost", "success"])
            #expect(rig.beats.filter { $0.hasPrefix("end") }.count == 1)
            // Back under another number, it works again.
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
            try await rig.trigger("s", "true")
            try await rig.waitForRun("s")
            #expect(
                try await rig.database.value("SELECT worker FROM task_attempt WHERE run_id = 's'") == "first")
            first.signal(SIGTERM)
            #expect(try await first.end() == 0)
        }
    }

    @Test("whose try ended while they stood still past their time have that end refused")
    func late() async throws {
        try await WorkerRig.with { rig in
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let first = try rig.worker("first", ttl: "10s")
            // The first ends with success at once when it may, the second waits for its own word.
            try await rig.trigger(
                "r",
                """
                [ -e \(rig.scratch.folder)/again ] && gate=later || gate=go
                echo "begin $gate" >> \(rig.scratch.folder)/beats
                while [ ! -e \(rig.scratch.folder)/$gate ]; do sleep 0.05; done
                echo "end $gate" >> \(rig.scratch.folder)/beats
                """)
            try await first.line(containing: "remote.work  begins")
            while rig.beats.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            try await first.standStill()
            // Long before its guard would end it, the script succeeds; nobody is there to report it.
            try rig.open("go")
            while rig.beats.count < 2 {
                try Task.checkCancellation()
                await Task.yield()
            }
            try rig.open("again")
            let second = try rig.worker("second")
            try await rig.waitForTry("r", takenBy: "second")
            first.signal(SIGCONT)
            try await first.line(containing: "was cut off for too long")
            // The success is nowhere: the run waits for the second try.
            #expect(try await rig.tries("r") == ["lost", "running"])
            #expect(try await rig.database.value("SELECT count(*) FROM flow.attempt_result") == "0")
            #expect(!first.lines.contains { $0.contains("remote.work  success") })
            try rig.open("later")
            try await rig.waitForRun("r")
            #expect(try await rig.tries("r") == ["lost", "success"])
            #expect(rig.beats == ["begin go", "end go", "begin later", "end later"])
            for program in [first, second, scheduler] {
                program.signal(SIGTERM)
                #expect(try await program.end() == 0)
            }
        }
    }

    @Test("need no folder of documents, nor do commands of the database")
    func withoutDocuments() async throws {
        try await WorkerRig.with { rig in
            // An installation that has lost its dags.
            let folder = rig.scratch.folder
            let files = FileManager.default
            for name in ["bin", "share/cryptoflow"] {
                try files.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            let program = folder + "/bin/cryptoflow"
            try files.copyItem(atPath: try Installed.path(of: "cryptoflow"), toPath: program)
            try files.createSymbolicLink(
                atPath: folder + "/share/cryptoflow/migrations", withDestinationPath: Installed.checkout + "/migrations"
            )
            let environment = ["CRYPTOFLOW_CONN_WAREHOUSE": rig.url]
            let place = ["--database", rig.url, "--home", folder + "/home"]
            for command in ["migrate", "status"] {
                let result = try await rig.scratch.start(program, ["db", command] + place, environment: environment)
                    .finish()
                #expect(result.code == 0, "\(result.errors)")
            }
            let worker = try rig.scratch.start(
                program, ["worker", "--queues", "far"] + place, environment: environment)
            try await worker.line(containing: "serves far")
            worker.signal(SIGTERM)
            #expect(try await worker.end() == 0)
        }
    }

    private static let surrounded = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: surrounded
        schedule: null
        start_date: 2026-01-01
        is_paused_upon_creation: false
        default_args: {queue: far}
        on_failure_callback: {uses: webhook, with: {url: URL}}
        tasks:
          - {id: make, uses: bash, setup: true, with: {bash_command: echo made}}
          - id: work
            uses: bash
            needs: [make]
            with: {bash_command: exit 3}
            on_failure_callback: {uses: webhook, with: {url: URL}}
          - {id: take, uses: bash, needs: [work], teardown: make, with: {bash_command: echo taken}}

        """

    @Test("carry out setups and teardowns; the scheduler tells of what failed at them")
    func surroundings() async throws {
        let hook = try LoopbackServer { _ in [.reply(text: "ok")] }
        defer { hook.stop() }
        try await WorkerRig.with { rig in
            try rig.scratch.write(
                Self.surrounded.replacing("URL", with: hook.url + "/hook"), to: "dags/surrounded.yaml")
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let worker = try rig.worker("one")
            try await rig.waitForDAG("surrounded")
            _ = try await rig.command("dag", "trigger", "surrounded", "--run-id", "r", "--wait", code: 1)
            var requests = hook.requests.makeAsyncIterator()
            var bodies: [String] = []
            for _ in 0..<2 {
                bodies.append(String(decoding: try #require(await requests.next()).body, as: UTF8.self))
            }
            #expect(bodies.allSatisfy { $0.contains("surrounded") && $0.contains("work") }, "\(bodies)")
            #expect(bodies.contains { $0.contains("exit code 3") }, "\(bodies)")
            #expect(
                try await rig.database.column(
                    "SELECT task_id || ' ' || state || ' ' || worker FROM history.attempts ORDER BY started_at")
                    == ["make success one", "work failed one", "take success one"])
            try await rig.database.wait(
                for: "2", "SELECT count(*) FROM history.notifications WHERE state = 'delivered'")
            for program in [worker, scheduler] {
                program.signal(SIGTERM)
                #expect(try await program.end() == 0)
            }
        }
    }

    @Test("go on with their tries while leaders change, killed or in order")
    func leaderChanges() async throws {
        try await WorkerRig.with { rig in
            var scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let worker = try rig.worker("one", ttl: "20s")
            try await rig.trigger("r", rig.beats("go"))
            try await rig.waitForTry("r", takenBy: "one")
            let attempt = try await rig.database.value("SELECT attempt FROM flow.task_attempt_live")
            for number in [SIGKILL, SIGTERM] {
                scheduler.signal(number)
                try await scheduler.end()
                scheduler = try rig.scheduler()
                try await scheduler.line(containing: "scheduler  leading")
                #expect(try await rig.database.value("SELECT attempt FROM flow.task_attempt_live") == attempt)
            }
            // An end that comes while nobody leads is not lost either.
            scheduler.signal(SIGKILL)
            try await scheduler.end()
            try rig.open("go")
            try await rig.database.wait("SELECT EXISTS (SELECT FROM flow.attempt_result)")
            scheduler = try rig.scheduler()
            try await rig.waitForRun("r")
            #expect(try await rig.tries("r") == ["success"])
            #expect(rig.beats.count == 2)
            worker.signal(SIGTERM)
            #expect(try await worker.end() == 0)
            scheduler.signal(SIGTERM)
            #expect(try await scheduler.end() == 0)
        }
    }

    @Test("drain on SIGTERM, and stop what runs on a second one, which uses up no retry")
    func drain() async throws {
        try await WorkerRig.with { rig in
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let first = try rig.worker("first")
            try await rig.trigger("a", rig.beats("go"))
            try await first.line(containing: "remote.work  begins")
            first.signal(SIGTERM)
            try await first.line(containing: "drains: 1 running")
            try await rig.trigger("b", rig.beats("later"))
            try await rig.database.wait("SELECT EXISTS (SELECT FROM flow.attempt_queue)")
            try await rig.database.wait("SELECT state = 'draining' FROM flow.worker")
            #expect(try await rig.command("why", "remote", "b", "work").contains("draining"))
            try rig.open("go")
            #expect(try await first.end() == 0)
            try await rig.waitForRun("a")
            #expect(try await rig.tries("b") == ["queued"], "it waits in its queue")

            let second = try rig.worker("second")
            try await second.line(containing: "remote.work  begins")
            second.signal(SIGTERM)
            try await second.line(containing: "drains: 1 running")
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
            let third = try rig.worker("third")
            try await rig.waitForTry("b", takenBy: "third")
            #expect(try await rig.tries("b") == ["lost", "running"])
            // Cancelling a run reaches its worker.
            _ = try await rig.command("run", "cancel", "remote", "b")
            try await rig.waitForRun("b", "failed")
            #expect(
                try await rig.database.value(
                    "SELECT lost_count FROM task_instance JOIN dag_run USING (run_key) WHERE run_id = 'b'") == "0")
            third.signal(SIGTERM)
            #expect(try await third.end() == 0)
            scheduler.signal(SIGTERM)
            #expect(try await scheduler.end() == 0)
        }
    }
}
