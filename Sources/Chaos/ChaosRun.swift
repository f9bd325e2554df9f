import FoundationEssentials
import Glibc
import Lab
import PostgresClient
import PrivateCluster
import SeededRandom
import Synchronization

/// A real scheduler with a standby, two workers and PostgreSQL under load; one of them is killed by SIGKILL again and again.
package struct ChaosRun: Sendable {
    /// Whom a kill hits.
    package enum Victim: String, CaseIterable, Sendable {
        case leader, standby, worker, postgres
    }

    package struct Report: Sendable {
        package let kills: [Victim: Int]
        package let audit: ChaosAudit

        /// One line of counts.
        package var line: String {
            let kills = Victim.allCases.map { "\($0.rawValue) \(self.kills[$0, default: 0])" }.joined(separator: ", ")
            return
                "chaos: killed \(kills); \(audit.attempts) attempts, \(audit.madeUpFor) of them lost and made up for, "
                + "\(audit.givenUp) tasks given up after three losses in a row; lost \(audit.lost.count), "
                + "doubled \(audit.doubled.count), overlapping \(audit.overlapping.count), "
                + "unexplained \(audit.unexplained.count)"
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

    /// Throws `LabFailure` when something cannot be started.
    package func run() async throws -> Report {
        let lab = try await DatabaseLab.open(in: folder, migrations: migrations)
        do {
            let report = try await run(in: lab)
            await lab.close()
            return report
        } catch {
            await lab.close()
            throw error
        }
    }

    private func run(in lab: DatabaseLab) async throws -> Report {
        let url = try await lab.makeDatabase("chaos")
        let journal = lab.folder + "/journal"
        try ChaosDAGs.write(into: lab.folder + "/dags", journal: journal)
        var stage = ChaosStage(programs: programs, folder: lab.folder, url: url, migrations: lab.migrations)
        let kills: [Victim: Int]
        do {
            try await stage.startAll()
            say("chaos: seed \(seed), \(seconds) s of kills")
            kills = try await disturb(&stage, lab, url)
            say("chaos: letting everything end")
            try await settle(&stage, url)
        } catch {
            await stage.stopAll()
            throw error
        }
        await stage.stopAll()
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        let text = try String(contentsOfFile: journal, encoding: .utf8)
        let audit = try await ChaosAudit(
            TaskJournal(text), history: connection, unexplained: stage.unexplained)
        await connection.close()
        return Report(kills: kills, audit: audit)
    }

    /// Kills for the time of the run, while another task sees to it that there is something to do.
    private func disturb(_ stage: inout ChaosStage, _ lab: DatabaseLab, _ url: String) async throws -> [Victim: Int] {
        var load = ChaosLoad(programs: programs, folder: lab.folder, url: url, hours: 24)
        // The first stretch is there before the first kill.
        try await load.begin()
        let end = LoadEnd()
        let kills = try await withThrowingTaskGroup(of: Void.self) { [load] group in
            group.addTask {
                var load = load
                do {
                    while true {
                        try await load.fill()
                        try await Task.sleep(for: .milliseconds(300))
                    }
                } catch {
                    if !Task.isCancelled { end.note(error) }
                }
            }
            let kills = try await kill(&stage, lab, while: end.check)
            group.cancelAll()
            return kills
        }
        try end.check()
        return kills
    }

    /// - Parameter isLoaded: throws when there is nothing to do any more, and kills would hit nothing.
    private func kill(
        _ stage: inout ChaosStage, _ lab: DatabaseLab, while isLoaded: () throws -> Void
    ) async throws -> [Victim: Int] {
        var random = SeededGenerator(seed: seed)
        var kills: [Victim: Int] = [:]
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 500...6_000, using: &random)))
            try isLoaded()
            try stage.lookAfter()
            let victim = Victim.allCases.randomElement(using: &random) ?? .worker
            let isHit: Bool
            switch victim {
            case .leader, .standby: isHit = try await stage.killScheduler(leading: victim == .leader)
            case .worker: isHit = try await stage.killWorker(Int.random(in: 0...1, using: &random))
            case .postgres:
                // A program that only starts says that it cannot reach the database, and ends: rightly.
                try await stage.untilReady()
                isHit = try await killPostgres(lab.cluster)
            }
            guard isHit else { continue }
            kills[victim, default: 0] += 1
            say("chaos: killed \(victim.rawValue)")
        }
        return kills
    }

    /// Kills the postmaster and starts the cluster again: it recovers from what the kill left.
    private func killPostgres(_ cluster: PrivateCluster) async throws -> Bool {
        guard let pid = await cluster.processID, Glibc.kill(pid, SIGKILL) == 0 else { return false }
        _ = await cluster.waitForExit()
        await cluster.stop()
        _ = try await cluster.start()
        return true
    }

    private static let standstill = Duration.seconds(300)

    /// Until no run, backfill or command is open; what still is when nothing has changed for five minutes, the audit says.
    private func settle(_ stage: inout ChaosStage, _ url: String) async throws {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        do {
            var last: [Int64] = []
            var changed = ContinuousClock.now
            while ContinuousClock.now < changed + Self.standstill {
                try stage.lookAfter()
                let rows = try await connection.query(
                    """
                    SELECT (SELECT count(*) FROM flow.live_run)
                        + (SELECT count(*) FROM flow.backfill WHERE state NOT IN ('completed', 'cancelled'))
                        + (SELECT count(*) FROM flow.command WHERE finished_at IS NULL),
                        (SELECT count(*) FROM flow.task_attempt WHERE ended_at IS NOT NULL)
                    """)
                let counts: [Int64] = [try rows.first?.decode(0) ?? 1, try rows.first?.decode(1) ?? 0]
                if counts[0] == 0 { break }
                if counts != last { (last, changed) = (counts, .now) }
                try await Task.sleep(for: .milliseconds(500))
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// Why there is no load any more.
private final class LoadEnd: Sendable {
    private let reason = Mutex<(any Error)?>(nil)

    func note(_ error: any Error) { reason.withLock { $0 = error } }

    /// Throws when there is a reason.
    func check() throws {
        if let reason = reason.withLock({ $0 }) { throw reason }
    }
}
