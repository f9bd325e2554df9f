import FoundationEssentials
import Glibc
import Lab
import PostgresClient

/// The program `cryptoflow-scheduler` with nothing to do: its start, its memory, what it asks of the database.
struct IdleBenchmark: Sendable {
    /// Has pg_stat_statements, which the other measurements do without.
    let lab: DatabaseLab
    let settings: BenchmarkSettings
    let program: String

    struct Outcome: Sendable {
        /// Seconds from the program's start until it says that it leads.
        var start = Spread([])
        /// MB.
        var memory: Double?
        var anonymousMemory: Double?
        var queriesPerSecond: Double?
        /// MB with 10,000 DAGs.
        var memoryOfManyDAGs: Double?
        /// Why not.
        var problem: String?
    }

    /// - Parameter manyDAGs: a folder of 10,000 documents; nil to leave that out.
    func run(manyDAGs: String?) async throws -> Outcome {
        var outcome = Outcome()
        let url = try await lab.makeDatabase("idle")
        let observer = try await PostgresConnection.connect(PostgresSettings(url: url))
        _ = try await observer.script("CREATE EXTENSION pg_stat_statements")
        let folder = lab.folder + "/dags20"
        try DocumentBenchmark.generate(20, in: folder)
        // The first start fills the tables; the starts that count find them as a restart does.
        var starts: [Double] = []
        for number in 0...settings.repetitions {
            let (scheduler, seconds) = try await start(url, dags: folder)
            if number > 0 { starts.append(seconds) }
            await scheduler.end()
        }
        outcome.start = Spread(starts)

        let (scheduler, _) = try await start(url, dags: folder)
        do {
            try await Task.sleep(for: .seconds(3))
            let before = try await statements(observer)
            try await Task.sleep(for: .seconds(settings.idleSeconds))
            let after = try await statements(observer)
            outcome.queriesPerSecond = Double(after - before) / Double(settings.idleSeconds)
            outcome.memory = ProcessFacts.megabytes("VmRSS", of: scheduler.pid)
            outcome.anonymousMemory = ProcessFacts.megabytes("RssAnon", of: scheduler.pid)
        } catch {
            await scheduler.end()
            throw error
        }
        await scheduler.end()
        await observer.close()
        if let manyDAGs {
            do {
                outcome.memoryOfManyDAGs = try await memory(withManyDAGs: manyDAGs)
            } catch {
                outcome.problem = "\(error)"
            }
        }
        return outcome
    }

    /// MB of a scheduler that has just written 10,000 DAGs to an empty database, and settled for five seconds.
    private func memory(withManyDAGs folder: String) async throws -> Double? {
        let url = try await lab.makeDatabase("many")
        let observer = try await PostgresConnection.connect(PostgresSettings(url: url))
        let (scheduler, _) = try await start(url, dags: folder)
        var known = 0
        for _ in 0..<300 where known < DocumentBenchmark.count {
            try? await Task.sleep(for: .milliseconds(200))
            known = (try? await observer.query("SELECT count(*) FROM flow.dag").first?.decode(0)) ?? 0
        }
        try? await Task.sleep(for: .seconds(5))
        let memory = ProcessFacts.megabytes("VmRSS", of: scheduler.pid)
        await scheduler.end()
        await observer.close()
        guard known == DocumentBenchmark.count else {
            throw LabFailure("after a minute only \(known) of \(DocumentBenchmark.count) DAGs were written")
        }
        return memory
    }

    private func start(_ url: String, dags: String) async throws -> (Program, seconds: Double) {
        let begin = MonotonicClock.nanoseconds
        let scheduler = try Program.start(
            program, ["--dags", dags, "--migrations", lab.migrations],
            environment: ["CRYPTOFLOW_DATABASE_URL": url, "CRYPTOFLOW_HOME": lab.folder + "/scheduler-home"],
            in: lab.folder)
        guard try await scheduler.waitForOutput("leading in epoch", seconds: 60) else {
            let output = scheduler.output
            await scheduler.end()
            throw LabFailure("\(program) does not lead: \(output.suffix(500))")
        }
        return (scheduler, MonotonicClock.seconds(from: begin, to: MonotonicClock.nanoseconds))
    }

    /// Statements carried out so far, without the observer's own.
    private func statements(_ observer: PostgresConnection) async throws -> Int64 {
        let rows = try await observer.query(
            """
            SELECT coalesce(sum(calls), 0)::int8 FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND query NOT LIKE '%pg_stat_statements%'
            """)
        return try rows.first?.decode(0) ?? 0
    }
}
