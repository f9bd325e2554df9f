import FoundationEssentials
import Glibc
import Testing

/// Tasks that are processes: their ends, also when the end is not theirs to choose.
@Suite("bash tasks of the programs") struct BashTaskTests {
    private static func document(_ id: String, timeout: String, script: String) -> String {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: \(id)
        schedule: null
        start_date: 2026-01-01
        is_paused_upon_creation: false
        tasks:
          - id: work
            uses: bash
            execution_timeout: \(timeout)
            with:
              bash_command: |
        \(script.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n"))

        """
    }

    private static func start(_ scratch: Scratch) throws -> Program {
        try scratch.standalone("--feed", "recorded", "--no-fill", "--dags", "dags")
    }

    @Test("a timeout ends a task with its grandchildren, those that do not listen too", .timeLimit(.minutes(2)))
    func timeout() async throws {
        try await Scratch.with { scratch in
            let script = """
                trap '' TERM
                sh -c 'trap "" TERM; echo $$ >> \(scratch.folder)/pids; while :; do sleep 1; done' &
                setsid sh -c 'echo $$ >> \(scratch.folder)/pids; exec sleep 600' &
                echo $$ >> \(scratch.folder)/pids
                wait
                """
            try scratch.write(Self.document("slow", timeout: "3s", script: script), to: "dags/slow.yaml")
            let program = try Self.start(scratch)
            try await program.line(containing: "scheduler  leading")
            let database = try await scratch.database()
            let result = try await scratch.cryptoflow("dag", "trigger", "slow", "--run-id", "r", "--wait", code: 1)
            #expect(result.errors.contains("3s") || result.errors.contains("time"), "\(result.errors)")
            let pids = scratch.read("pids").split(separator: "\n").compactMap { Int32($0) }
            #expect(pids.count == 3, "the task started all: \(scratch.read("pids"))")
            let left = scratch.processes().filter { pids.contains($0.pid) }
            #expect(left.map(\.description) == [])
            #expect(
                try await database.value("SELECT state || ' ' || reason FROM task_attempt WHERE run_id = 'r'")
                    .hasPrefix("failed "))
        }
    }

    @Test(
        "after kill -9 the next start ends what a task left running before the task runs again", .timeLimit(.minutes(2))
    )
    func killed() async throws {
        try await Scratch.with { scratch in
            // Beats as long as it lives, in a child too, so that two at once would show in the file.
            let script = """
                echo "begin $$" >> \(scratch.folder)/journal
                [ -e \(scratch.folder)/again ] && sleep 0.3 && echo "end $$" >> \(scratch.folder)/journal && exit 0
                me=$$
                while :; do echo "beat $me" >> \(scratch.folder)/journal; sleep 0.05; done &
                wait
                """
            try scratch.write(Self.document("long", timeout: "5m", script: script), to: "dags/long.yaml")
            let first = try Self.start(scratch)
            try await first.line(containing: "scheduler  leading")
            let database = try await scratch.database()
            try await scratch.cryptoflow("dag", "trigger", "long", "--run-id", "r")
            try await database.wait("SELECT count(*) = 1 FROM task_attempt WHERE pid IS NOT NULL")
            try await Self.wait { scratch.read("journal").contains("beat") }
            first.signal(SIGKILL)
            #expect(try await first.end() == 137)
            // The child outlives its scheduler: it beats on.
            let beats = scratch.read("journal").split(separator: "\n").count
            try await Self.wait { scratch.read("journal").split(separator: "\n").count > beats + 2 }

            try scratch.write("", to: "again")
            let second = try Self.start(scratch)
            try await second.line(containing: "scheduler  leading in epoch 2")
            try await database.wait(for: "success", "SELECT state FROM dag_run WHERE run_id = 'r'")

            let journal = scratch.read("journal").split(separator: "\n").map(String.init)
            let begins = journal.filter { $0.hasPrefix("begin") }
            #expect(begins.count == 2 && Set(begins).count == 2, "\(begins)")
            let last = try #require(journal.lastIndex { $0.hasPrefix("begin") })
            #expect(
                journal[last...].allSatisfy { !$0.hasPrefix("beat") },
                "the first child still ran when the second had begun: \(journal[last...])")
            #expect(
                try await database.column("SELECT try_number || ' ' || state FROM task_attempt ORDER BY try_number")
                    == ["1 lost", "2 success"])
            try await Rules.check(Rules.history, in: database)
            second.signal(SIGINT)
            #expect(try await second.end() == 0)
            #expect(scratch.processes().map(\.description) == [])
        }
    }

    /// Waits for something in a file.
    private static func wait(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(20)) }  // check: allow, another process acts
    }
}
