import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import Timetables

/// `cryptoflow dag next ID`.
struct DAGNext: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Print the next runs of a DAG's schedule.",
        discussion: """
            The runs that the schedule asks for after the last one decided, whether or not the DAG is paused. With \
            catchup the first may lie in the past.

            Example:
              cryptoflow dag next candles_1h --count 3 --timezone Asia/Seoul
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Option(name: .shortAndLong, help: ArgumentHelp("How many runs.", valueName: "n"))
    var count = 1

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    private static let mostRuns = 10_000

    func validate() throws {
        guard (1...Self.mostRuns).contains(count) else {
            throw ValidationError("--count is between 1 and \(Self.mostRuns), not \(count)")
        }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let summary = try await database.withHistory { try await HistoryLookup($0).dag(dag).summary }
        let due = Self.next(of: summary, now: environment.now(), count: count)
        let shapes = options.shapes
        try options.write(.array(due.map { shapes.due($0) })) { isColourful in
            guard !due.isEmpty else { return "" }
            var table = TextTable(.init("DUE"), .init("LOGICAL DATE"), .init("INTERVAL"))
            for instant in due {
                let interval = instant.interval
                table.add(
                    .init(shapes.text(instant.due)), .init(shapes.text(instant.logicalDate)),
                    .init(
                        interval.isEmpty ? "" : "\(shapes.text(interval.start)) … \(shapes.text(interval.end))", .quiet)
                )
            }
            return table.text(isColourful: isColourful)
        }
        if due.isEmpty { try environment.console.error("note: \(Self.reason(summary))") }
        if summary.isPaused, !due.isEmpty { try environment.console.error("note: the DAG is paused: these runs wait") }
    }

    static func next(of summary: DAGSummary, now: Timestamp, count: Int) -> [DueInstant] {
        var result: [DueInstant] = []
        var next = summary.nextDue(now: now)
        while let due = next, result.count < count {
            result.append(due)
            next = summary.timetable.next(after: due.due, bounds: summary.bounds)
        }
        return result
    }

    private static func reason(_ summary: DAGSummary) -> String {
        guard summary.timetable.isTimeBased else {
            return "DAG \"\(summary.id)\" has no schedule by time (\(summary.timetable))"
        }
        return "the schedule of DAG \"\(summary.id)\" (\(summary.timetable)) has no further run"
    }
}
