import CLinux
import CivilTime
import DAGModel
import Lab
import RunStore
import Scheduler
import SchedulerCore
import Timetables

/// How the scheduler does as its load grows: DAGs, live tasks of one run, rows of history.
///
/// Each size has a database and a scheduler of its own, in this process, so its memory is this process's.
package struct GrowthBenchmark: Sendable {
    private let settings: BenchmarkSettings
    private let isFull: Bool
    private let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isFull: up to 10,000 DAGs, 100,000 live tasks and 10,000,000 rows of history, which takes five minutes and 8 GB.
    ///   - say: told what is being measured, a line each.
    package init(_ settings: BenchmarkSettings, isFull: Bool, say: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.isFull = isFull
        self.say = say
    }

    /// Measures every size; one that fails is a row that says why.
    package func run() async throws -> GrowthReport {
        var report = GrowthReport()
        say("load average \(ProcessFacts.loadAverage); starting a private PostgreSQL in \(settings.folder)")
        let lab = try await DatabaseLab.open(in: settings.folder, migrations: settings.migrations)
        for count in [10, 100, 1_000] + (isFull ? [10_000] : []) {
            await add("DAGs", count, to: &report) { try await withDAGs(count, lab) }
        }
        for count in [10, 1_000, 10_000] + (isFull ? [100_000] : []) {
            await add("live tasks in one run", count, to: &report) { try await withLiveTasks(count, lab) }
        }
        for count in [0, 10_000, 100_000] + (isFull ? [1_000_000, 10_000_000] : []) {
            await add("rows of history", count, to: &report) { try await withHistory(count, lab) }
        }
        await lab.close()
        report.remark = "Machine: \(ProcessFacts.machine). Load average at the end \(ProcessFacts.loadAverage)."
        return report
    }

    private func add(
        _ what: String, _ size: Int, to report: inout GrowthReport, _ measure: () async throws -> GrowthReport.Figures
    ) async {
        say("measuring with \(size) \(what); load average \(ProcessFacts.loadAverage)")
        let load = ProcessFacts.load
        // What the size before left behind is not this one's.
        cryptoflow_trim_heap()
        do {
            report.add(what, size, load: load, try await measure())
        } catch {
            report.add(what, size, load: load, GrowthReport.Figures(problem: "\(error)"))
        }
    }

    /// The load that is measured in the presence of something large.
    private static let chains = Workload(name: "", runs: 100, tasksPerRun: 50, isChain: true)
    private static let hops = Workload(name: "", runs: 20, tasksPerRun: 50, isChain: true)

    private static func probes() throws -> [DAGRecord] {
        var single = try hops.dag("growth_hops").dag
        single.maxActiveRuns = 1
        return [try chains.dag("growth_warm"), try chains.dag("growth_chains"), Workload.record(single)]
    }

    private func measureProbes(_ rig: SchedulerRig) async throws -> GrowthReport.Figures {
        _ = try await time(DAGID("growth_warm"), Self.chains, rig)
        var figures = GrowthReport.Figures()
        figures.tasksPerSecond = Double(Self.chains.tasks) / (try await time(DAGID("growth_chains"), Self.chains, rig))
        _ = rig.records.take()
        _ = try await time(DAGID("growth_hops"), Self.hops, rig)
        figures.hops = Spread(Hops.milliseconds(of: rig.records.take()))
        figures.memory = ProcessFacts.ownMegabytes
        return figures
    }

    /// Seconds from the request to unpause a DAG until its last run's end is committed.
    private func time(_ dag: DAGID, _ shape: Workload, _ rig: SchedulerRig) async throws -> Double {
        let start = MonotonicClock.nanoseconds
        _ = try await rig.store.setPaused(dag, false, actor: "bench")
        return MonotonicClock.seconds(from: start, to: try await rig.watch.wait(for: .endedRuns(dag), shape.runs))
    }

    private func withDAGs(_ count: Int, _ lab: DatabaseLab) async throws -> GrowthReport.Figures {
        let url = try await lab.makeDatabase("growth_dags_\(count)")
        // They have a schedule, and nothing is due for long.
        let hourly = Timetable.cron(try CronSchedule(parsing: "0 * * * *"))
        let later = ScheduleBounds(start: Timestamp.now() + .seconds(365 * 86_400))
        let others = (0..<count).map { Workload.single("other_\($0)", hourly, later, tasks: 4) }
        let begin = MonotonicClock.nanoseconds
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(others + (try Self.probes())), settings: SchedulerRig.wide,
            logs: lab.folder + "/logs"
        ) { rig in
            let known = try await rig.watch.wait(for: .knownDAGs, count + 3)
            var figures = try await measureProbes(rig)
            figures.pageMilliseconds = try await median { _ = try await rig.store.dags() }
            figures.note = "known after \(Figure.text(MonotonicClock.seconds(from: begin, to: known), digits: 2)) s"
            return figures
        }
    }

    /// All tasks of a run at once, beside a chain whose hops are measured.
    private func withLiveTasks(_ count: Int, _ lab: DatabaseLab) async throws -> GrowthReport.Figures {
        let url = try await lab.makeDatabase("growth_tasks_\(count)")
        let wide = Workload(name: "", runs: 1, tasksPerRun: count, isChain: false)
        let chain = Workload(name: "", runs: 1, tasksPerRun: 50, isChain: true)
        var scheduler = SchedulerRig.wide
        scheduler.core.parallelism = count + 1_000
        let documents = [
            try wide.dag("growth_wide"), try chain.dag("growth_beside"), try Self.chains.dag("growth_warm"),
        ]
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(documents), settings: scheduler, logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, documents.count)
            _ = try await time(DAGID("growth_warm"), Self.chains, rig)
            _ = rig.records.take()
            _ = try await rig.store.setPaused(DAGID("growth_beside"), false, actor: "bench")
            var figures = GrowthReport.Figures()
            figures.tasksPerSecond = Double(count) / (try await time(DAGID("growth_wide"), wide, rig))
            _ = try await rig.watch.wait(for: .endedRuns(DAGID("growth_beside")), 1)
            let calls = Dictionary(grouping: rig.records.take(), by: \.run)
            figures.hops = Spread(calls.values.filter { $0.count == 50 }.flatMap(Hops.milliseconds(of:)))
            figures.memory = ProcessFacts.ownMegabytes
            let run = try await newestRun(of: DAGID("growth_wide"), rig)
            figures.pageMilliseconds = try await median {
                _ = try await rig.store.run(dag: DAGID("growth_wide"), runID: run)
            }
            return figures
        }
    }

    private func withHistory(_ rows: Int, _ lab: DatabaseLab) async throws -> GrowthReport.Figures {
        let url = try await lab.makeDatabase("growth_rows_\(rows)")
        return try await SchedulerRig.lead(
            url, documents: PreparedDocuments(try Self.probes()), settings: SchedulerRig.wide,
            logs: lab.folder + "/logs"
        ) { rig in
            _ = try await rig.watch.wait(for: .knownDAGs, 3)
            try await MadeHistory.write(tasks: rows, over: rig.observer)
            var figures = try await measureProbes(rig)
            let dag = rows > 0 ? MadeHistory.dag : DAGID("growth_chains")
            let run = try await newestRun(of: dag, rig)
            figures.pageMilliseconds = try await median { _ = try await rig.store.runs(RunQuery(dag: dag)) }
            let detail = try await median { _ = try await rig.store.run(dag: dag, runID: run) }
            figures.note = "one run with its tries \(Figure.text(detail, digits: 2)) ms"
            return figures
        }
    }

    private func newestRun(of dag: DAGID, _ rig: SchedulerRig) async throws -> String {
        guard let newest = try await rig.store.runs(RunQuery(dag: dag)).runs.first else {
            throw LabFailure("the DAG \(dag) has no runs")
        }
        return newest.runID
    }

    /// Milliseconds that a question to the history takes, of twenty times.
    private func median(_ question: () async throws -> Void) async throws -> Double {
        var times: [Double] = []
        for _ in 0..<20 {
            let start = MonotonicClock.nanoseconds
            try await question()
            times.append(MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds) * 1e3)
        }
        return Spread(times).median
    }
}
