import CivilTime
import Glibc
import Lab
import PostgresClient

/// The programs of a chaos run.
struct ChaosStage {
    let programs: String
    let folder: String
    let url: String
    let migrations: String
    private var schedulers: [Program] = []
    private var workers: [Program] = []

    init(programs: String, folder: String, url: String, migrations: String) {
        self.programs = programs
        self.folder = folder
        self.url = url
        self.migrations = migrations
    }

    private var environment: [String: String] {
        // The owner's own way in, whoever of the two schedulers starts first.
        ["HOME": folder, "CRYPTOFLOW_CONN_WAREHOUSE": url]
    }

    mutating func startAll() async throws {
        schedulers = [try startScheduler()]
        guard try await schedulers[0].waitForOutput("leading", seconds: 60) else {
            throw LabFailure("the scheduler does not lead: \(schedulers[0].output.suffix(2_000))")
        }
        schedulers.append(try startScheduler())
        workers = [try startWorker(0), try startWorker(1)]
    }

    private func startScheduler() throws -> Program {
        try Program.start(
            programs + "/cryptoflow-scheduler",
            [
                "--database", url, "--home", folder + "/flow", "--dags", folder + "/dags", "--migrations", migrations,
            ], environment: environment, in: folder)
    }

    private func startWorker(_ number: Int) throws -> Program {
        try Program.start(
            programs + "/cryptoflow",
            [
                "worker", "run", "--queues", "remote", "--concurrency", "4", "--database", url, "--home",
                "\(folder)/worker\(number)", "--migrations", migrations,
            ], environment: environment, in: folder)
    }

    /// Backfills the first hours of every DAG.
    func load(hours: Int) async throws {
        let last = ChaosDAGs.start + .seconds(3_600 * Int64(hours - 1))
        for dag in ChaosDAGs.names {
            let command = try Program.start(
                programs + "/cryptoflow",
                [
                    "dag", "backfill", dag, "--from", ChaosDAGs.start.iso8601, "--to", last.iso8601, "--database", url,
                ], environment: environment, in: folder)
            guard await command.wait() == 0 else {
                throw LabFailure("\(dag) is not backfilled: \(command.output.suffix(2_000))")
            }
        }
    }

    /// Kills the scheduler that leads, or the one that stands by, and starts another; false when nobody leads just now.
    mutating func killScheduler(leading: Bool) async throws -> Bool {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        let rows = try await connection.query(
            "SELECT pid FROM flow.scheduler_lease WHERE expires_at > clock_timestamp()")
        await connection.close()
        guard let row = rows.first else { return false }
        let leader: Int32 = try row.decode(0)
        guard let index = schedulers.firstIndex(where: { ($0.pid == leader) == leading }) else { return false }
        kill(schedulers[index].pid, SIGKILL)
        await schedulers[index].wait()
        schedulers[index] = try startScheduler()
        return true
    }

    /// Kills a worker and starts another in its place.
    mutating func killWorker(_ number: Int) async throws -> Bool {
        kill(workers[number].pid, SIGKILL)
        await workers[number].wait()
        workers[number] = try startWorker(number)
        return true
    }

    func stopAll() async {
        for program in workers + schedulers { await program.end() }
    }
}
