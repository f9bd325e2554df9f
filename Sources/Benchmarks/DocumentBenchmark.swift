import DAGDocument
import DAGModel
import FoundationEssentials
import Lab
import Operators
import RunStore
import Scheduler
import SchedulerCore

/// 10,000 generated documents of about 1 KB each.
struct DocumentBenchmark: Sendable {
    let lab: DatabaseLab
    let settings: BenchmarkSettings
    static let count = 10_000

    struct Outcome: Sendable {
        /// Seconds to read, check and hash all of them.
        var load = Spread([])
        /// Milliseconds to see that nothing changed.
        var rescan = Spread([])
        var bytesPerDocument = 0
    }

    var folder: String { lab.folder + "/dags10k" }

    /// Writes `count` documents into a folder; the bytes of one.
    @discardableResult
    static func generate(_ count: Int, in folder: String) throws -> Int {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var size = 0
        for number in 0..<count {
            let text = document(number)
            size = text.utf8.count
            try text.write(toFile: "\(folder)/generated_\(number).yaml", atomically: false, encoding: .utf8)
        }
        return size
    }

    /// Its commands do nothing and succeed, so that a scheduler that has caught up is idle.
    private static func document(_ number: Int) -> String {
        """
        $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
        dag_id: generated_\(number)
        description: Loads, checks and publishes the data set number \(number)
        tags: [generated, benchmark, "group \(number % 17)"]
        schedule:
          uses: airflow.timetables.interval.CronDataIntervalTimetable
          with: {cron: "\(number % 60) \(number % 24) * * *", timezone: UTC}
        start_date: 2026-01-01
        catchup: false
        max_active_runs: 1
        is_paused_upon_creation: false
        params:
          market: KRW-BTC
        templates:
          step:
            uses: shell
            retries: 2
            retry_delay: 30s
            execution_timeout: 10m
        tasks:
          - id: extract
            extends: [step]
            with: {bash_command: {$t: ": fetch --day {{ ds }} --market {{ params.market }}"}}
          - id: check
            extends: [step]
            needs: [extract]
            with: {bash_command: {$t: ": check --run {{ run_id }}"}}
          - id: transform
            extends: [step]
            needs: [extract]
            with: {bash_command: ": transform --level 3"}
          - id: publish
            extends: [step]
            needs: [check, transform]
            with: {bash_command: {$t: ": publish --until {{ data_interval_end }}"}}
            retries: 0

        """
    }

    func run() async throws -> Outcome {
        var outcome = Outcome()
        outcome.bytesPerDocument = try Self.generate(Self.count, in: folder)
        let documents = makeSource()
        var loads: [Double] = []
        var rescans: [Double] = []
        for _ in 0..<settings.repetitions {
            let start = MonotonicClock.nanoseconds
            let changes = try await documents.scan(afresh: true)
            loads.append(MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds))
            guard changes.loaded.count == Self.count, changes.brokenFiles.isEmpty else {
                let problem = changes.problems?.first?.diagnostics.first.map { "\($0)" } ?? ""
                throw LabFailure("of \(Self.count) documents \(changes.loaded.count) were loaded \(problem)")
            }
            for _ in 0..<5 {
                let start = MonotonicClock.nanoseconds
                _ = try await documents.scan(afresh: false)
                rescans.append(MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds) * 1e3)
            }
        }
        outcome.load = Spread(loads)
        outcome.rescan = Spread(rescans)
        return outcome
    }

    /// One start of a scheduler with the generated documents on an empty database.
    func runCommitted() async throws -> Double {
        let url = try await lab.makeDatabase("documents")
        let start = MonotonicClock.nanoseconds
        var scheduler = SchedulerSettings()
        // What is due meanwhile is made a run of, and waits: only the documents are measured.
        scheduler.core.parallelism = 0
        let end = try await SchedulerRig.lead(
            url, documents: makeSource(), settings: scheduler, logs: lab.folder + "/logs"
        ) { rig in try await rig.watch.wait(for: .knownDAGs, Self.count) }
        return MonotonicClock.seconds(from: start, to: end)
    }

    private func makeSource() -> FolderDocuments {
        let catalog = OperatorCatalog([EmptyOperator.signature, ShellOperator.signature])
        return FolderDocuments(
            loader: DocumentLoader(catalog: catalog, root: folder))
    }
}
