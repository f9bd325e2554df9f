import Glibc
import TestSupport
import Testing

/// Schedulers and workers, as real processes, on a database of a test's own.
struct WorkerRig: Sendable {
    let scratch: Scratch
    let url: String
    let database: Database

    private static let document = """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: remote
        schedule: null
        start_date: 2026-01-01
        is_paused_upon_creation: false
        params: {script: "true"}
        tasks:
          - id: work
            uses: bash
            queue: far
            with: {bash_command: {$t: "{{ params.script }}"}}

        """

    /// Makes the database and the documents; what runs in the end is killed.
    static func with(_ body: (WorkerRig) async throws -> Void) async throws {
        try await Scratch.with { scratch in
            let name = try await TestCluster.shared.makeDatabase()
            let url = try await TestCluster.shared.url(database: name)
            try scratch.write(document, to: "dags/remote.yaml")
            do {
                try await body(WorkerRig(scratch: scratch, url: url, database: Database(url: url)))
            } catch {
                try? await TestCluster.shared.drop(database: name)
                throw error
            }
            try await TestCluster.shared.drop(database: name)
        }
    }

    /// What every program gets.
    ///
    /// The role of SQL tasks belongs to all databases of the test's cluster: its password is left alone.
    private var environment: [String: String] {
        ["CRYPTOFLOW_CONN_WAREHOUSE": url, "CRYPTOFLOW_CONN_OTHER": "postgresql://me:hunter22@nowhere/db"]
    }

    func scheduler(_ home: String = "scheduler", _ more: String...) throws -> Program {
        try scratch.start(
            "cryptoflow-scheduler",
            ["--database", url, "--home", "\(scratch.folder)/\(home)", "--dags", "dags"] + more,
            environment: environment)
    }

    func worker(
        _ name: String, ttl: String = "3s", program: String = "cryptoflow", _ more: String...
    ) throws -> Program {
        try scratch.start(
            program,
            (program == "cryptoflow" ? ["worker"] : []) + [
                "--queues", "far", "--concurrency", "2", "--name", name, "--ttl", ttl, "--database", url, "--home",
                "\(scratch.folder)/\(name)",
            ] + more, environment: environment)
    }

    /// Runs a command on a machine without any logs.
    func command(_ arguments: String..., code: Int32? = 0) async throws -> String {
        let program = try scratch.start(
            "cryptoflow", arguments + ["--database", url, "--home", "\(scratch.folder)/nowhere"])
        let result = try await program.finish()
        guard code == nil || result.code == code else {
            throw program.failure("ended with \(result.code) instead of \(code ?? 0)")
        }
        return result.output + result.errors
    }

    /// Who leads may still be reading documents.
    func waitForDAG(_ id: String) async throws {
        try await database.wait("SELECT EXISTS (SELECT FROM flow.dag WHERE dag_id = '\(id)')")
    }

    /// Starts a run of the DAG `remote` with a script.
    func trigger(_ runID: String, _ script: String) async throws {
        try await waitForDAG("remote")
        let conf = script.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        _ = try await command("dag", "trigger", "remote", "--run-id", runID, "--conf", "{\"script\": \"\(conf)\"}")
    }

    /// A script that says in a file that it begins and ends, and waits in between until a file is there.
    func beats(_ gate: String) -> String {
        """
        echo "begin $$" >> \(scratch.folder)/beats
        while [ ! -e \(scratch.folder)/\(gate) ]; do sleep 0.05; done
        echo "end $$" >> \(scratch.folder)/beats
        """
    }

    /// The lines that scripts wrote.
    var beats: [String] { scratch.read("beats").split(separator: "\n").map(String.init) }

    func open(_ gate: String) throws { try scratch.write("", to: gate) }

    /// The states of a run's tries, in order.
    func tries(_ runID: String) async throws -> [String] {
        try await database.column(
            "SELECT state FROM (SELECT * FROM task_attempt WHERE run_id = '\(runID)' ORDER BY try_number) AS t")
    }

    func waitForRun(_ runID: String, _ state: String = "success") async throws {
        try await database.wait(for: state, "SELECT coalesce(max(state), '') FROM dag_run WHERE run_id = '\(runID)'")
    }

    func waitForTry(_ runID: String, takenBy worker: String) async throws {
        try await database.wait(
            "SELECT EXISTS (SELECT FROM task_attempt WHERE run_id = '\(runID)' AND worker = '\(worker)' AND ended_at IS NULL)"
        )
    }
}
