import Lab
import PostgresClient
import PrivateCluster

/// The programs of a chaos run.
///
/// Whatever one of them does by itself is remembered: only the kills of this run and its orderly stop may end one.
struct ChaosStage {
    let programs: String
    let folder: String
    let url: String
    let migrations: String
    private var schedulers: [Program] = []
    private(set) var workers: [Program] = []
    /// Ends that were nobody's wish, in words.
    private(set) var unexplained: [String] = []

    init(programs: String, folder: String, url: String, migrations: String) {
        self.programs = programs
        self.folder = folder
        self.url = url
        self.migrations = migrations
    }

    /// What every program gets.
    ///
    /// The warehouse's is the owner's own way in, whoever of the two schedulers starts first.
    static func environment(folder: String, url: String) -> [String: String] {
        ["HOME": folder, "CRYPTOFLOW_CONN_WAREHOUSE": url]
    }

    private var environment: [String: String] { Self.environment(folder: folder, url: url) }

    /// Starts all of them, and returns once they are ready.
    ///
    /// Throws `LabFailure` when one is not.
    mutating func startAll() async throws {
        schedulers = [try startScheduler()]
        guard try await schedulers[0].waitForOutput("leading in epoch", seconds: 60) else {
            throw LabFailure("the scheduler does not lead: \(Self.tail(schedulers[0]))")
        }
        schedulers.append(try startScheduler())
        workers = [try startWorker(0), try startWorker(1)]
        try await untilReady()
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

    /// Waits until every program does its work: one that is only starting cannot do without the database.
    ///
    /// Throws `LabFailure` when one takes longer than a minute.
    mutating func untilReady() async throws {
        for program in schedulers + workers {
            if try await program.waitForOutput("leading in epoch", "standing by", "serves", seconds: 60) { continue }
            guard program.ending != nil else {
                throw LabFailure("a program does not get ready: \(Self.tail(program))")
            }
        }
        try lookAfter()
    }

    /// Takes note of programs that have ended by themselves, and starts others in their place.
    mutating func lookAfter() throws {
        for index in schedulers.indices {
            guard let ending = schedulers[index].ending else { continue }
            note(schedulers[index], "a scheduler", ending)
            schedulers[index] = try startScheduler()
        }
        for index in workers.indices {
            guard let ending = workers[index].ending else { continue }
            note(workers[index], "worker \(index)", ending)
            workers[index] = try startWorker(index)
        }
    }

    private mutating func note(_ program: Program, _ name: String, _ ending: ExitStatus) {
        unexplained.append("\(name) ended by itself with \(ending); it wrote last: \(Self.tail(program))")
    }

    private static func tail(_ program: Program) -> String {
        program.output.split(separator: "\n").suffix(8).joined(separator: " | ")
    }

    /// Kills the scheduler that leads, or the one that stands by, and starts another; false when nobody was hit: none of them
    /// leads just now, or it had ended by itself.
    mutating func killScheduler(leading: Bool) async throws -> Bool {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        let rows = try await connection.query(
            "SELECT pid FROM flow.scheduler_lease WHERE expires_at > clock_timestamp()")
        await connection.close()
        guard let leader: Int32 = try rows.first?.decode(0) else { return false }
        return try await killScheduler(leading: leading, leader: leader)
    }

    mutating func killScheduler(leading: Bool, leader: Int32) async throws -> Bool {
        // A leader that was killed just now has the lease until another takes over.
        guard let leads = schedulers.firstIndex(where: { $0.pid == leader }) else { return false }
        let index = leading ? leads : schedulers.count - 1 - leads
        let ending = await kill(schedulers[index])
        let isHit = ending == .signalled(9)
        if !isHit { note(schedulers[index], "a scheduler", ending) }
        schedulers[index] = try startScheduler()
        return isHit
    }

    /// Kills a worker and starts another in its place; false when it had ended by itself.
    mutating func killWorker(_ number: Int) async throws -> Bool {
        let ending = await kill(workers[number])
        let isHit = ending == .signalled(9)
        if !isHit { note(workers[number], "worker \(number)", ending) }
        workers[number] = try startWorker(number)
        return isHit
    }

    private func kill(_ program: Program) async -> ExitStatus {
        program.signal(9)
        return await program.wait()
    }

    /// Stops all in order: each has to end with the exit status 0.
    mutating func stopAll() async {
        let all = workers.enumerated().map { ($1, "worker \($0)") } + schedulers.map { ($0, "a scheduler") }
        for (program, name) in all {
            if let ending = program.ending {
                note(program, name, ending)
                continue
            }
            let ending = await program.end()
            guard ending != .exited(0) else { continue }
            unexplained.append(
                "\(name) was asked to stop and ended with \(ending); it wrote last: \(Self.tail(program))")
        }
        (schedulers, workers) = ([], [])
    }
}
