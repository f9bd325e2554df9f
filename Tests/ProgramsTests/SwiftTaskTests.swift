import FoundationEssentials
import Glibc
import Testing

/// The example package's worker: its source is also a target of this package, so it is built with everything else.
@Suite("tasks in Swift", .timeLimit(.minutes(3))) struct SwiftTaskTests {
    @Test("get typed arguments and each other's outputs, log, time out, and fail for arguments that do not fit")
    func example() async throws {
        try await WorkerRig.with { rig in
            let document = try String(
                contentsOf: URL(filePath: Installed.checkout + "/Examples/SwiftTasks/dags/swift_tasks.yaml"),
                encoding: .utf8)
            try rig.scratch.write(document.replacing("queue: swift", with: "queue: far"), to: "dags/swift_tasks.yaml")
            try rig.scratch.write(
                document.replacing("queue: swift", with: "queue: far").replacing(
                    "dag_id: swift_tasks", with: "dag_id: bad"
                )
                .replacing("days: 3", with: "days: many"), to: "dags/bad.yaml")
            let scheduler = try rig.scheduler()
            try await scheduler.line(containing: "scheduler  leading")
            let worker = try rig.worker("swift", program: "swift-tasks-example")
            try await worker.line(containing: "serves far")
            _ = try await rig.command(
                "dag", "trigger", "swift_tasks", "--run-id", "r", "--wait", code: 1)
            let tasks = try await rig.database.column(
                """
                SELECT task_id || ' ' || t.state || ' ' || coalesce(t.reason, '') FROM task_instance AS t
                JOIN dag_run USING (run_key) WHERE run_id = 'r' ORDER BY t.start_date
                """)
            #expect(tasks == ["prices success ", "average success ", "patient failed timed out after 2s"])
            let outputs = try await rig.database.column("SELECT value::text FROM task_output ORDER BY task_id")
            #expect(outputs == ["101", #"{"closes": [100, 101, 102], "market": "KRW-BTC"}"#])
            let log = try await rig.command("task", "logs", "swift_tasks", "r", "average")
            #expect(log.contains("INFO average of 3 average=101.0"), "\(log)")

            _ = try await rig.command("dag", "trigger", "bad", "--run-id", "bad", "--wait", code: 1)
            let reason = try await rig.database.value(
                "SELECT reason FROM task_attempt WHERE run_id = 'bad' AND task_id = 'prices'")
            #expect(reason.contains("the arguments do not fit PriceQuery") && reason.contains("days"), "\(reason)")
            // The ready-made operators are there as well.
            try await rig.trigger("plain", "echo plain")
            try await rig.waitForRun("plain")
            worker.signal(SIGTERM)
            #expect(try await worker.end() == 0)
            scheduler.signal(SIGTERM)
            #expect(try await scheduler.end() == 0)
        }
    }
}
