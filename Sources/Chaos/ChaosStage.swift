import Benchmarks
import Glibc

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
            throw BenchmarkFailure("the scheduler does not lead: \(schedulers[0].output.suffix(2_000))")
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

    /// Backfills every DAG.
    func load(runs: Int) async throws {
        let last = "2026-01-\(1 + (runs - 1) / 24 < 10 ? "0" : "")\(1 + (runs - 1) / 24)T\((runs - 1) % 24):00:00Z"
        let until = last.replacing("T", with: (runs - 1) % 24 < 10 ? "T0" : "T")
        for dag in ChaosDAGs.names {
            let command = try Program.start(
                programs + "/cryptoflow",
                ["dag", "backfill", dag, "--from", "2026-01-01", "--to", until, "--database", url],
                environment: environment, in: folder)
            guard await command.wait() == 0 else {
                throw BenchmarkFailure("\(dag) is not backfilled: \(command.output.suffix(2_000))")
            }
        }
    }

    /// Kills the scheduler that leads, or the one that stands by, and starts another; false when it is not known which.
    mutating func killScheduler(leading: Bool) async throws -> Bool {
        let isLeading = schedulers.map { Self.leads($0.output) }
        guard let index = isLeading.firstIndex(of: leading) else { return false }
        kill(schedulers[index].pid, SIGKILL)
        await schedulers[index].wait()
        schedulers[index] = try startScheduler()
        return true
    }

    /// Whether the last word of its output on the matter is that it leads.
    private static func leads(_ output: String) -> Bool {
        let leading = output.ranges(of: "leading").last
        let standing = output.ranges(of: "standing by").last
        guard let leading else { return false }
        return standing.map { $0.lowerBound < leading.lowerBound } ?? true
    }

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
