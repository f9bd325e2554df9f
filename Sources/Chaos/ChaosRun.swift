import Benchmarks
import FoundationEssentials
import Glibc
import PostgresClient
import PrivateCluster
import SeededRandom

/// A real scheduler with a standby, two workers and PostgreSQL under load; one of them is killed by SIGKILL again and again.
package struct ChaosRun {
    /// Whom a kill hits.
    package enum Victim: String, CaseIterable, Sendable {
        case leader, standby, worker, postgres
    }

    package struct Report: Sendable {
        package internal(set) var kills: [Victim: Int] = [:]
        package internal(set) var attempts = 0
        package internal(set) var madeUpFor = 0
        package internal(set) var lost: [String] = []
        package internal(set) var doubled: [String] = []
        package internal(set) var overlapping: [String] = []
        package internal(set) var unexplained: [String] = []

        package var violations: [String] { lost + doubled + overlapping + unexplained }

        /// One line of counts.
        package var line: String {
            let kills = Victim.allCases.map { "\($0.rawValue) \(self.kills[$0, default: 0])" }.joined(separator: ", ")
            return "chaos: kills: \(kills); \(attempts) attempts, \(madeUpFor) of them lost and made up for; "
                + "lost \(lost.count), doubled \(doubled.count), overlapping \(overlapping.count), "
                + "unexplained \(unexplained.count)"
        }
    }

    let seconds: Int
    let seed: UInt64
    let folder: String
    let programs: String
    let migrations: String
    let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - seconds: how long programs are killed; what was begun is let end afterwards.
    ///   - folder: where the private PostgreSQL and everything else goes, for the time of the run.
    ///   - programs: the folder of the built programs.
    package init(
        seconds: Int, seed: UInt64, folder: String, programs: String, migrations: String,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.seconds = seconds
        self.seed = seed
        self.folder = folder
        self.programs = programs
        self.migrations = migrations
        self.say = say
    }

    /// Throws `BenchmarkFailure` when something cannot be started.
    package func run() async throws -> Report {
        let lab = try await BenchmarkLab.open(in: folder, migrations: migrations)
        do {
            let report = try await run(in: lab)
            await lab.close()
            return report
        } catch {
            await lab.close()
            throw error
        }
    }

    private func run(in lab: BenchmarkLab) async throws -> Report {
        let url = try await lab.makeDatabase("chaos")
        let journal = lab.folder + "/journal"
        try ChaosDAGs.write(into: lab.folder + "/dags", journal: journal)
        var stage = ChaosStage(programs: programs, folder: lab.folder, url: url, migrations: migrations)
        try await stage.startAll()
        var report = Report()
        do {
            try await stage.load(runs: max(8, seconds / 4))
            say("chaos: seed \(seed), \(seconds) s of kills")
            try await disturb(&stage, lab, &report)
            say("chaos: letting everything end")
            try await settle(&stage, lab, url)
        } catch {
            await stage.stopAll()
            throw error
        }
        await stage.stopAll()
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        let text = (try? String(contentsOfFile: journal, encoding: .utf8)) ?? ""
        let audit = try await ChaosAudit(journal: text, history: connection)
        await connection.close()
        report.attempts = audit.attempts
        report.madeUpFor = audit.madeUpFor
        (report.lost, report.doubled) = (audit.lost, audit.doubled)
        (report.overlapping, report.unexplained) = (audit.overlapping, audit.unexplained)
        return report
    }

    private func disturb(_ stage: inout ChaosStage, _ lab: BenchmarkLab, _ report: inout Report) async throws {
        var random = SeededGenerator(seed: seed)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 500...6_000, using: &random)))
            let victim = Victim.allCases.randomElement(using: &random) ?? .worker
            let isHit: Bool
            switch victim {
            case .leader, .standby:
                isHit = try await stage.killScheduler(leading: victim == .leader)
            case .worker: isHit = try await stage.killWorker(Int.random(in: 0...1, using: &random))
            case .postgres:
                guard let pid = await lab.cluster.processID, kill(pid, SIGKILL) == 0 else { continue }
                // The cluster is started again by whoever owns it.
                _ = await lab.cluster.waitForExit()
                _ = try await lab.cluster.start()
                isHit = true
            }
            if isHit {
                report.kills[victim, default: 0] += 1
                say("chaos: killed the \(victim.rawValue)")
            }
        }
    }

    /// Until no run is active any more.
    private func settle(_ stage: inout ChaosStage, _ lab: BenchmarkLab, _ url: String) async throws {
        let end = ContinuousClock.now + .seconds(300)
        let settings = try PostgresSettings(url: url)
        while ContinuousClock.now < end {
            let connection = try await PostgresConnection.connect(settings)
            let rows = try await connection.query(
                """
                SELECT (SELECT count(*) FROM flow.live_run)
                    + (SELECT count(*) FROM flow.backfill WHERE state NOT IN ('completed', 'cancelled'))
                    + (SELECT count(*) FROM flow.command WHERE finished_at IS NULL)
                """)
            await connection.close()
            let open: Int64 = try rows.first?.decode(0) ?? 1
            if open == 0 { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        say("chaos: not at rest after five minutes")
    }
}
