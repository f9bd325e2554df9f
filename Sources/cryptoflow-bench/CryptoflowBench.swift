import ArgumentParser
import Benchmarks
import Execution
import Lab

@main
struct CryptoflowBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptoflow-bench",
        abstract: "Measures the scheduler on this machine: a table, and one line of JSON at the end.",
        subcommands: [Measure.self, Growth.self, Spin.self, Loop.self, Feed.self], defaultSubcommand: Measure.self)

    struct Measure: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Measures everything (the default).")

        @Option(help: "How often each measurement is repeated.") var runs = 5
        @Flag(help: "Fewer repetitions and smaller loads: under two minutes.") var quick = false
        @Option(
            parsing: .upToNextOption,
            help: "Only these parts: tasks hops due shell backfill documents idle decode stream browser.")
        var only: [BenchmarkSettings.Part] = []
        @OptionGroup var place: Place
        @Option(help: "The built cryptoflow-scheduler (default: beside this program).") var scheduler: String?

        func validate() throws {
            if runs < 1 { throw ValidationError("--runs must be 1 or more, not \(runs)") }
        }

        func run() async throws {
            try await place.measure(scheduler: scheduler) { settings in
                var settings = settings
                settings.runs = runs
                settings.isQuick = quick
                if !only.isEmpty { settings.parts = only }
                let report = try await BenchmarkRun(settings, say: LabProgress.say).run()
                return (report.table, report.json)
            }
        }
    }

    struct Growth: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures with more and more DAGs, live tasks and rows of history.")

        @Flag(
            help: "Up to 10,000 DAGs, 100,000 live tasks and 10,000,000 rows of history: five minutes and 8 GB of disk."
        )
        var full = false
        @OptionGroup var place: Place

        func run() async throws {
            try await place.measure { settings in
                let report = try await GrowthBenchmark(settings, isFull: full, say: LabProgress.say).run()
                return (report.table, report.json)
            }
        }
    }

    /// Where is measured.
    struct Place: ParsableArguments {
        @Option(help: "A folder on the disk to be measured.") var folder = "/var/tmp"
        @Option(help: "The folder of migrations (default: found above the program).") var migrations: String?

        /// Measures, and prints the table and the line of JSON.
        func measure(
            scheduler: String? = nil, _ body: (BenchmarkSettings) async throws -> (table: String, json: String)
        ) async throws {
            ChildReaper.adoptOrphans()
            let signals = StartedPrograms.endOnSignals()
            defer { signals.cancel() }
            var settings = try BenchmarkSettings(migrations: migrations, scheduler: scheduler)
            settings.folder = folder
            let report = try await body(settings)
            print(report.table)
            print(report.json)
        }
    }

    struct Spin: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes one core.", shouldDisplay: false)
        @Option var seconds = 1

        func run() { Spinner.spin(seconds: seconds) }
    }

    struct Feed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stream-feed", abstract: "Serves made market messages over a WebSocket.",
            shouldDisplay: false)
        @Option var rate = 5_000

        func run() async throws { try await StreamFeeder(rate: rate).run() }
    }

    struct Loop: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "spawn-loop", abstract: "Prints how many processes a second start and end.",
            shouldDisplay: false)
        @Option var count = 1_000
        @Option var inFlight = 2

        func run() throws { print(try SpawnLoop.rate(count: count, inFlight: inFlight)) }
    }
}

extension BenchmarkSettings.Part: ExpressibleByArgument {}
