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
            The runs that the schedule asks for after the last one decided, whether or not the DAG is paused. The first \
            lies in the past where it is due and waits for a place (max_active_runs) or for the DAG to be unpaused, and \
            with catchup. Where the clocks of the schedule's zone change before a run, its line says so \
            (clock_change in JSON), and below stands what that does to the schedule.

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
        let changes = ClockChanges(due, of: summary.timetable)
        try options.write(
            .array(
                zip(due, changes.before).map { instant, change in
                    var members = shapes.due(instant).objectValue ?? [:]
                    members["clock_change"] = change.map { .string($0.text) } ?? .null
                    return .object(members)
                })
        ) { isColourful in
            guard !due.isEmpty else { return "" }
            var table = TextTable(.init("DUE"), .init("LOGICAL DATE"), .init("INTERVAL"), .init(""))
            for (instant, change) in zip(due, changes.before) {
                let interval = instant.interval
                table.add(
                    .init(shapes.text(instant.due)), .init(shapes.text(instant.logicalDate)),
                    .init(
                        interval.isEmpty ? "" : "\(shapes.text(interval.start)) … \(shapes.text(interval.end))", .quiet),
                    .init(change.map { ClockChanges.mark($0) }, .warning))
            }
            let notes = changes.before.compactMap { $0?.text }
            let text = table.text(isColourful: isColourful)
            return notes.isEmpty ? text : text + "\n\n" + notes.joined(separator: "\n")
        }
        if due.isEmpty { try environment.console.error("note: \(Self.reason(summary))") }
        if !summary.isPaused, let first = due.first, first.due <= environment.now() {
            try environment.console.error(
                "note: the first run is due and not made yet: `cryptoflow why \(summary.id)` says what holds it up")
        }
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

/// The changes of the clocks among the instants of a schedule.
struct ClockChanges {
    /// For each instant, the change that lies between the instant before and it; nil for none.
    let before: [DSTPreview?]

    init(_ due: [DueInstant], of timetable: Timetable) {
        var before: [DSTPreview?] = []
        var last: Timestamp?
        for instant in due {
            // An instant at the very change already belongs to the new clock.
            let from = last ?? instant.due
            let next = timetable.dstPreview(after: from, count: 1).first
            before.append(next.flatMap { $0.transition.instant <= instant.due ? $0 : nil })
            last = instant.due
        }
        self.before = before
    }

    /// `clocks +01:00 → +02:00`.
    static func mark(_ change: DSTPreview) -> String {
        "clocks \(offset(change.transition.offsetBefore)) → \(offset(change.transition.offsetAfter))"
    }

    private static func offset(_ seconds: Int) -> String {
        let minutes = abs(seconds) / 60
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(seconds < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
