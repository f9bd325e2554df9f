import Lab
import Scheduler

/// The whole benchmark: one part after the other on one private PostgreSQL, then the report.
///
/// It asserts no speed; a part that cannot be measured is null and says why.
package struct BenchmarkRun: Sendable {
    private let settings: BenchmarkSettings
    private let say: @Sendable (String) -> Void

    /// - Parameter say: told what is being measured, a line each.
    package init(_ settings: BenchmarkSettings, say: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.say = say
    }

    /// Measures everything that is asked for.
    ///
    /// Throws only when not even the database can be started.
    package func run() async throws -> BenchmarkReport {
        var report = BenchmarkReport()
        let begin = MonotonicClock.nanoseconds
        let loadBefore = ProcessFacts.loadAverage
        let load = ProcessFacts.load
        say("load average \(loadBefore); starting a private PostgreSQL in \(settings.folder)")
        let lab = try await DatabaseLab.open(in: settings.folder, migrations: settings.migrations)
        await measureTasks(lab, &report)
        await measureHops(lab, &report)
        await measureDue(lab, &report)
        await measureShell(lab, &report)
        await measureBackfill(lab, &report)
        let documents = DocumentBenchmark(lab: lab, settings: settings)
        await measureDocuments(documents, &report)
        // The documents of the part before.
        let hasDocuments = settings.parts.contains(.documents) && !settings.isQuick
        await measureIdle(manyDAGs: hasDocuments ? documents.folder : nil, &report)
        await measureDecoding(&report)
        await measureStream(lab, &report)
        await measureBrowser(lab, &report)
        let sync = try? await DiskProbe.syncMicroseconds(in: lab.folder)
        await lab.close()
        report.add(
            Figure(
                "load_average", "load average before", Spread([load]), "", digits: 2,
                "after: \(ProcessFacts.loadAverage)"))
        report.remark("Machine: \(ProcessFacts.machine).")
        let missing = BenchmarkSettings.Part.allCases.filter { !settings.parts.contains($0) }.map(\.rawValue)
        if !missing.isEmpty { report.remark("Not asked for: \(missing.joined(separator: ", ")).") }
        report.remark("Load average before \(loadBefore), after \(ProcessFacts.loadAverage).")
        if let sync {
            report.remark(
                "fdatasync of 8 kB at the end: p50 \(Figure.text(sync.median, digits: 0)), p99 "
                    + "\(Figure.text(sync.percentile(0.99), digits: 0)) µs.")
        }
        let seconds = MonotonicClock.seconds(from: begin, to: MonotonicClock.nanoseconds)
        report.remark(
            "\(settings.repetitions) repetitions\(settings.isQuick ? " (quick)" : ""), "
                + "\(Figure.text(seconds, digits: 0)) s in all.")
        return report
    }

    /// Runs one part; when it fails its figures stay null, and the reason is a remark.
    private func attempt<Value: Sendable>(
        _ part: BenchmarkSettings.Part, _ what: String, _ report: inout BenchmarkReport,
        _ body: @Sendable () async throws -> Value
    ) async -> Value? {
        guard settings.parts.contains(part) else { return nil }
        say("measuring \(what)")
        do {
            return try await body()
        } catch {
            report.remark("Not measured: \(what): \(error)")
            say("not measured: \(error)")
            return nil
        }
    }

    private func measureTasks(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let benchmark = ThroughputBenchmark(lab: lab, settings: settings)
        let wide = await attempt(.tasks, "no-op tasks beside the raw loop", &report) {
            try await benchmark.run("load", SchedulerRig.wide, withRawLoop: true)
        }
        let plain = await attempt(.tasks, "no-op tasks with default settings", &report) {
            try await benchmark.run("load_default", SchedulerSettings(), withRawLoop: false)
        }
        let series = wide ?? []
        report.add(
            Figure(
                "noop_tasks_per_s", "no-op tasks, all three workloads", Self.rate(series.map(\.seconds), series), "/s",
                "goal >= 30,000"))
        for one in series { report.add(Figure(nil, "- " + one.workload.name, one.rate, "/s")) }
        report.add(
            Figure(
                "raw_tasks_per_s", "raw loop, the same rows", Self.rate(series.map(\.rawSeconds), series), "/s",
                "one libpq connection, unnest of 1,000"))
        for one in series { report.add(Figure(nil, "- " + one.workload.name, one.rawRate, "/s")) }
        let own = Self.rate(series.map(\.seconds), series)
        let raw = Self.rate(series.map(\.rawSeconds), series)
        let ratio = zip(own.unsorted, raw.unsorted).map { $0 / $1 }
        report.add(Figure("raw_ratio", "no-op tasks / raw loop", Spread(ratio), "", digits: 2, "goal >= 0.70"))
        for one in series {
            let ratios = zip(one.rawSeconds, one.seconds).map { $0 / $1 }
            report.add(Figure(nil, "- " + one.workload.name, Spread(ratios), "", digits: 2))
        }
        report.add(
            Figure(
                "noop_default_tasks_per_s", "no-op tasks, parallelism 32",
                plain.map { Self.rate($0.map(\.seconds), $0) }, "/s", "default settings"))
        report.add(
            Figure(
                "wal_bytes_per_task", "write-ahead log", Spread(series.flatMap(\.walBytesPerTask)), "B/task",
                "raw loop: \(Self.median(series.flatMap(\.rawWALBytesPerTask)))"))
        report.add(
            Figure(
                nil, "processor time, scheduler", Spread(series.flatMap(\.ownMicroseconds)), "µs/task", digits: 1,
                "all threads"))
        report.add(
            Figure(
                nil, "processor time, its server process", Spread(series.flatMap(\.serverMicroseconds)), "µs/task",
                digits: 1))
        let hops = Spread(series.first?.hops.flatMap { $0 } ?? [])
        if !hops.isEmpty {
            report.add(
                Figure(nil, "hop under full load, p50", Spread([hops.median]), "ms", digits: 2, "200 chains at once"))
            report.add(Figure(nil, "hop under full load, p99", Spread([hops.percentile(0.99)]), "ms", digits: 2))
        }
    }

    private func measureHops(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let hops = await attempt(.hops, "hops along a chain", &report) {
            try await HopBenchmark(lab: lab, settings: settings).run()
        }
        let quiet = hops?.quiet
        let count = quiet.map { "\($0.count) hops" } ?? ""
        report.add(
            Figure("hop_p50_ms", "hop, p50", quiet.map { Spread($0.medians) }, "ms", digits: 3, "goal <= 1; \(count)"))
        report.add(
            Figure(
                "hop_p99_ms", "hop, p99", quiet.map { Spread($0.tails) }, "ms", digits: 3,
                "goal <= 3 on a quiet machine"))
        report.add(Figure(nil, "hop, greatest", quiet.map { Spread($0.greatest) }, "ms", digits: 2))
        report.add(Figure("fdatasync_p50_us", "- fdatasync beside it, p50", quiet.map { Spread($0.syncMedians) }, "µs"))
        report.add(Figure("fdatasync_p99_us", "- fdatasync beside it, p99", quiet.map { Spread($0.syncTails) }, "µs"))
        let busy = hops?.busy
        report.add(Figure(nil, "hop, all cores taken, p50", busy.map { Spread($0.medians) }, "ms", digits: 2))
        report.add(
            Figure(
                "hop_busy_p99_ms", "hop, all cores taken, p99", busy.map { Spread($0.tails) }, "ms", digits: 2,
                "goal <= 25"))
    }

    private func measureDue(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let benchmark = DueBenchmark(lab: lab, settings: settings)
        let due = await attempt(.due, "20 DAGs due at once, each second", &report) { try await benchmark.run() }
        let herd = await attempt(.due, "1,000 DAGs due at once", &report) { try await benchmark.runHerd() }
        report.add(
            Figure(
                nil, "due to first task's start, p50", due.map { Spread([$0.median]) }, "ms", digits: 2,
                "20 DAGs at once"))
        report.add(
            Figure(
                "due_to_start_p99_ms", "due to first task's start, p99", due.map { Spread([$0.percentile(0.99)]) },
                "ms", digits: 2, "goal <= 20; greatest \(due.map { Figure.text($0.greatest, digits: 1) } ?? "")"))
        report.add(
            Figure(
                "due_1000_ms", "1,000 DAGs due at once, last start", herd.map { Spread([$0.greatest]) }, "ms",
                digits: 0, "goal <= 1,000; p50 \(herd.map { Figure.text($0.median, digits: 0) } ?? "")"))
    }

    private func measureShell(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let benchmark = ShellBenchmark(lab: lab, settings: settings)
        let shell = await attempt(.shell, "shell tasks beside a loop of posix_spawn", &report) {
            try await benchmark.run("shell", inFlight: nil)
        }
        let two = await attempt(.shell, "shell tasks, two in flight", &report) {
            try await benchmark.run("shell_2", inFlight: 2)
        }
        report.add(
            Figure("shell_tasks_per_s", "sh -c true as tasks", shell.map { Spread($0.rates) }, "/s", "default settings")
        )
        report.add(
            Figure(
                nil, "posix_spawn of true in a loop", shell.map { Spread($0.loopRates) }, "/s",
                "2 in flight, waitpid(-1)"))
        report.add(Figure("shell_ratio", "shell tasks / that loop", shell?.ratio, "", digits: 2, "goal >= 0.60"))
        report.add(
            Figure("shell_2_tasks_per_s", "sh -c true as tasks, 2 in flight", two.map { Spread($0.rates) }, "/s"))
        report.add(Figure("shell_2_ratio", "- / the loop", two?.ratio, "", digits: 2))
    }

    private func measureBackfill(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let benchmark = BackfillBenchmark(lab: lab, settings: settings)
        let year = await attempt(.backfill, "a year's backfill, 16 runs at once", &report) {
            try await benchmark.run("backfill", maxActive: nil)
        }
        let broad = await attempt(.backfill, "a year's backfill, 100 runs at once", &report) {
            try await benchmark.run("backfill_100", maxActive: 100)
        }
        report.add(
            Figure(
                "backfill_year_s", "backfill of a year, hourly, 3 tasks", year, "s", digits: 2,
                "goal <= 2; 16 runs at once"))
        report.add(Figure(nil, "- 100 runs at once", broad, "s", digits: 2))
    }

    private func measureDocuments(_ benchmark: DocumentBenchmark, _ report: inout BenchmarkReport) async {
        let documents = await attempt(.documents, "10,000 documents", &report) { try await benchmark.run() }
        var committed: Double?
        if !settings.isQuick {
            committed = await attempt(.documents, "10,000 documents into an empty database", &report) {
                try await benchmark.runCommitted()
            }
        }
        let size = documents.map { "\($0.bytesPerDocument) B each" } ?? ""
        report.add(
            Figure("load_10k_s", "10,000 documents loaded", documents?.load, "s", digits: 2, "goal <= 1.5; \(size)"))
        report.add(Figure(nil, "- and committed to an empty database", committed.map { Spread([$0]) }, "s", digits: 2))
        report.add(
            Figure("rescan_10k_ms", "10,000 documents rescanned", documents?.rescan, "ms", digits: 1, "goal <= 40"))
    }

    private func measureIdle(manyDAGs: String?, _ report: inout BenchmarkReport) async {
        let settings = settings
        let idle = await attempt(.idle, "the idle cryptoflow-scheduler", &report) {
            guard let program = settings.schedulerProgram else {
                throw LabFailure("there is no cryptoflow-scheduler beside this program: build it")
            }
            let lab = try await DatabaseLab.open(
                in: settings.folder, migrations: settings.migrations,
                settings: ["shared_preload_libraries": "pg_stat_statements"])
            do {
                let outcome = try await IdleBenchmark(lab: lab, settings: settings, program: program).run(
                    manyDAGs: manyDAGs)
                await lab.close()
                return outcome
            } catch {
                await lab.close()
                throw error
            }
        }
        let anonymous = idle?.anonymousMemory.map { "\(Figure.text($0, digits: 1)) of it anonymous" } ?? ""
        if let problem = idle?.problem { report.remark("Not measured: memory with 10,000 DAGs: \(problem)") }
        let one = { (value: Double??) in (value ?? nil).map { Spread([$0]) } }
        report.add(
            Figure(
                "idle_rss_mb", "idle scheduler, 20 DAGs", one(idle?.memory), "MB", digits: 1, "goal <= 40; \(anonymous)"
            ))
        report.add(
            Figure(
                "idle_rss_10k_mb", "idle scheduler, 10,000 DAGs", one(idle?.memoryOfManyDAGs), "MB", digits: 1,
                "goal <= 150; just loaded"))
        report.add(
            Figure(
                "idle_queries_per_s", "its statements", one(idle?.queriesPerSecond), "/s", digits: 2,
                "goal < 1; over \(settings.idleSeconds) s"))
        report.add(Figure("start_to_healthy_s", "its start, until it leads", idle?.start, "s", digits: 3, "goal <= 1"))
    }

    private func measureDecoding(_ report: inout BenchmarkReport) async {
        let settings = settings
        let rates = await attempt(.decode, "an exchange's messages decoded on one core", &report) {
            try DecodeBenchmark(settings: settings).run()
        }
        let mix = rates?.first
        report.add(
            Figure(
                "decode_messages_per_s", "messages decoded, one core", mix.map { Spread($0.own) }, "/s",
                "goal >= 200,000; \(mix?.name ?? "")"))
        for rate in rates ?? [] {
            if rate.name != mix?.name {
                report.add(Figure(nil, "- \(rate.name)", Spread(rate.own), "/s", "\(rate.bytes) B each"))
            }
            report.add(
                Figure(
                    nil, "  - Foundation's JSONDecoder", Spread(rate.foundation), "/s", "into binary numbers, unchecked"
                ))
        }
    }

    private func measureStream(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let settings = settings
        let stream = await attempt(.stream, "the real-time path", &report) {
            try await StreamBenchmark(lab: lab, settings: settings).run()
        }
        let one = { (value: Double?) in value.map { Spread([$0]) } }
        report.add(
            Figure(
                "bus_ns_per_message", "bus, a message and subscriber", stream.map { Spread($0.busNanoseconds) }, "ns",
                "4 subscribers; goal well under 1,000"))
        report.add(
            Figure(
                "stored_trades_per_s", "trades stored, as fast as they go", stream.map { Spread($0.storedPerSecond) },
                "/s", "with their candles; goal well above 5,000"))
        report.add(
            Figure(
                "stream_memory_growth_mb", "- growth of resident memory meanwhile",
                one(stream.map { $0.memory.after - $0.memory.before }), "MB", digits: 1,
                stream.map { "\(Figure.text($0.memory.before, digits: 1)) before" } ?? ""))
        report.add(
            Figure(
                "socket_to_stored_p50_ms", "socket to stored, p50", one(stream?.latencies.median), "ms", digits: 2,
                stream.map { "\(Figure.text($0.cameRate, digits: 0)) messages/s came" } ?? ""))
        report.add(
            Figure(
                "socket_to_stored_p99_ms", "socket to stored, p99", one(stream?.latencies.percentile(0.99)), "ms",
                digits: 2,
                stream.map {
                    "greatest \(Figure.text($0.latencies.greatest, digits: 1)); \(Figure.text($0.tradesPerCommit, digits: 1))"
                        + " trades a commit"
                } ?? ""))
    }

    private func measureBrowser(_ lab: DatabaseLab, _ report: inout BenchmarkReport) async {
        let settings = settings
        let browser = await attempt(.browser, "from an exchange to browsers, through cryptoflow-stream", &report) {
            guard let program = settings.streamProgram else {
                throw LabFailure("there is no cryptoflow-stream beside this program: build it")
            }
            return try await BrowserBenchmark(lab: lab, settings: settings, program: program).run()
        }
        let rate = browser.map { "\($0.trades / $0.seconds) trades/s of \(StreamFeeder.steadyRate) messages/s" } ?? ""
        for (key, what, spread) in [
            ("browser", "event streams", browser?.events), ("socket", "a WebSocket", browser?.socket),
        ] {
            let came = spread.flatMap { spread in browser.map { "\(spread.values.count) of \($0.trades) trades came" } }
            report.add(
                Figure(
                    "\(key)_p50_ms", "sent to \(what), p50", spread.map { Spread([$0.median]) }, "ms", digits: 2, rate))
            report.add(
                Figure(
                    "\(key)_p99_ms", "sent to \(what), p99", spread.map { Spread([$0.percentile(0.99)]) }, "ms",
                    digits: 2, "goal <= 10; \(came ?? "")"))
            report.add(
                Figure(
                    nil, "sent to \(what), greatest", spread.map { Spread([$0.greatest]) }, "ms", digits: 2))
        }
        report.add(
            Figure(nil, "- the program's memory at the end", browser.map { Spread([$0.memory]) }, "MB", digits: 1))
    }

    /// Tasks a second over all workloads, for each repetition.
    private static func rate(_ seconds: [[Double]], _ series: [ThroughputBenchmark.Series]) -> Spread {
        let tasks = Double(series.reduce(0) { $0 + $1.workload.tasks })
        let count = seconds.map(\.count).min() ?? 0
        return Spread((0..<count).map { number in tasks / seconds.reduce(0) { $0 + $1[number] } })
    }

    private static func median(_ values: [Double]) -> String { Figure.text(Spread(values).median, digits: 0) }
}
