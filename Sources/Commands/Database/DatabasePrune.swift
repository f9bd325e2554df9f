package import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow db prune`.
package struct DatabasePrune: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Forgets old runs now, or says which ones would be forgotten.",
        discussion: """
            The leading scheduler does the same by itself every ten minutes, by its own options; this is for the hand. \
            Runs go with their tasks, tries, outputs, notes and logs. What has not ended always stays, and so does the \
            newest run of each outcome of a DAG. Market data are never touched.

            Examples:
              cryptoflow db prune --dry-run
              cryptoflow db prune --keep-runs-for 30d --keep-runs 1000
            """)

    @Flag(help: "Only say what would be forgotten.")
    package var dryRun = false

    @OptionGroup package var retention: RetentionOptions
    @OptionGroup package var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    package init() {}

    /// Runs that one command forgets.
    private static let batch = 500
    /// The most runs that a dry run looks for.
    private static let mostShown = 100_000

    package func run() async throws {
        let environment = CommandEnvironment.current
        let settings = try retention.settings(environment: environment.variables)
        let rule = settings.rule(now: environment.now())
        try await database.withHistory { opened in
            if dryRun {
                try preview(try await opened.history.expiredRuns(rule, limit: Self.mostShown), rule)
            } else {
                try await prune(rule, opened)
            }
        }
    }

    private func preview(_ runs: [RunRecord], _ rule: RetentionRule) throws {
        let shapes = options.shapes
        let dags = Dictionary(grouping: runs, by: \.dag).sorted { $0.key < $1.key }
        func ends(_ runs: [RunRecord]) -> (first: Timestamp?, last: Timestamp?) {
            let ends = runs.compactMap(\.endDate)
            return (ends.min(), ends.max())
        }
        try options.write(
            [
                "state": "dry_run", "count": .int(Int64(runs.count)),
                "ended_before": rule.endedBefore.map { .string(shapes.text($0)) } ?? .null,
                "kept_runs": rule.keptRuns.map { .int(Int64($0)) } ?? .null,
                "dags": .array(
                    dags.map { dag, runs in
                        [
                            "dag_id": .string(dag.rawValue), "count": .int(Int64(runs.count)),
                            "first_end": .string(shapes.text(ends(runs).first)),
                            "last_end": .string(shapes.text(ends(runs).last)),
                        ]
                    }),
            ]
        ) { isColourful in
            guard !runs.isEmpty else { return "nothing would be forgotten" }
            var table = TextTable(.init("DAG"), .init("RUNS", .right), .init("ENDED FROM"), .init("TO"))
            for (dag, runs) in dags {
                table.add(
                    .init(dag.rawValue), .init(String(runs.count)), .init(shapes.shortText(ends(runs).first)),
                    .init(shapes.shortText(ends(runs).last)))
            }
            let more = runs.count == Self.mostShown ? " or more" : ""
            return table.text(isColourful: isColourful) + "\n\nwould be forgotten: \(Self.text(runs.count))\(more)"
        }
    }

    private func prune(_ rule: RetentionRule, _ opened: OpenedHistory) async throws {
        let progress = ProgressLine(CommandEnvironment.current.console)
        var total = 0
        while true {
            let (number, outcome) = try await CommandDesk(opened).submit(.prune(rule, limit: Self.batch))
            guard case .changed(let count, _)? = outcome else {
                try progress.clear()
                return try options.write(["command_id": .int(number), "state": "waiting", "count": .int(Int64(total))])
                {
                    _ in "command \(number) waits for a scheduler"
                }
            }
            total += count
            if count < Self.batch { break }
            try progress.show("\(Self.text(total)) forgotten")
        }
        try progress.clear()
        try options.write(["state": "done", "count": .int(Int64(total))]) { _ in
            total == 0 ? "nothing to forget" : "\(Self.text(total)) forgotten"
        }
    }

    private static func text(_ count: Int) -> String { count == 1 ? "1 run" : "\(count) runs" }
}
