import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// `cryptoflow run show DAG RUN`.
struct RunShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a run: its tasks, their tries, durations and reasons.",
        discussion: """
            Examples:
              cryptoflow run show candles_1h scheduled__2026-11-20T05:00:00+00:00
              cryptoflow run show report r1 --output yaml
            """)

    @OptionGroup var named: NamedRun

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let (detail, notes) = try await database.withHistory { opened in
            let detail = try await HistoryLookup(opened).run(named)
            return (detail, try await opened.history.notes(of: detail.run.key))
        }
        let shapes = options.shapes
        try options.write(shape(detail, notes)) { isColourful in
            fields(detail, shapes).text(isColourful: isColourful) + "\n\n"
                + Self.tasks(detail, shapes).text(isColourful: isColourful)
                + (detail.notifications.isEmpty
                    ? "" : "\n\n" + Self.notifications(detail, shapes).text(isColourful: isColourful))
                + (notes.isEmpty ? "" : "\n\n" + NoteText.lines(notes, shapes, isColourful: isColourful))
        }
    }

    private func shape(_ detail: RunDetail, _ notes: [Note]) -> JSONValue {
        let shapes = options.shapes
        var members = shapes.run(detail.run).objectValue ?? [:]
        members["version"] = .string(detail.run.version.rawValue)
        members["notes"] = .array(notes.map { shapes.note($0) })
        members["version_number"] = .int(Int64(detail.versionNumber))
        members["tasks"] = .array(detail.tasks.map { shapes.taskInstance($0, of: detail.run, detail.definition) })
        members["deadlines"] = .array(detail.deadlines.map { shapes.deadline($0) })
        members["missing_averages"] = .array(detail.missingAverages.map { shapes.missingAverage($0) })
        members["notifications"] = .array(detail.notifications.map { shapes.notification($0) })
        return .object(members)
    }

    private func fields(_ detail: RunDetail, _ shapes: RecordShapes) -> FieldList {
        let run = detail.run
        var list = FieldList()
        list.add("dag", run.dag.rawValue)
        list.add("run", run.runID)
        list.add("state", run.state.rawValue, run.state.tone)
        list.add("reason", run.reason)
        list.add("type", run.type.rawValue)
        list.add("logical date", shapes.text(run.logicalDate))
        list.add("interval", run.interval.map { $0.isEmpty ? "" : "\(shapes.text($0.start)) … \(shapes.text($0.end))" })
        list.add("events", run.events.map { "\(shapes.text($0.start)) … \(shapes.text($0.end))" })
        list.add("run after", shapes.text(run.runAfter))
        list.add("queued", shapes.text(run.queuedAt))
        list.add("started", shapes.text(run.startDate))
        list.add("ended", shapes.text(run.endDate))
        if let start = run.startDate, let end = run.endDate { list.add("took", (end - start).humanText(units: 2)) }
        for deadline in detail.deadlines {
            let missed = deadline.missedAt.map { "  missed, noticed at \(shapes.text($0))" }
            let average = deadline.average?.text.map { "  \($0)" }
            list.add(
                "deadline", shapes.text(deadline.at) + (missed ?? "") + (average ?? ""), missed == nil ? .plain : .bad)
        }
        for missing in detail.missingAverages { list.add("deadline", "none: \(missing.text)", .quiet) }
        list.add("conf", run.conf == .object([:]) ? nil : run.conf.jsonText)
        list.add("backfill", run.backfill.map { "\($0)" })
        list.add("asked by", run.triggeredBy)
        list.add("version", String(detail.versionNumber))
        return list
    }

    /// A line a task; tries that it does not tell of are on lines of their own.
    static func tasks(_ detail: RunDetail, _ shapes: RecordShapes) -> TextTable {
        var table = TextTable(
            .init("TASK"), .init("STATE"), .init("TRY", .right), .init("STARTED"), .init("TOOK", .right),
            .init("REASON"))
        for task in detail.tasks {
            let name = name(task.instance)
            let label = task.state == .upForRetry ? "next try at" : "goes on at"
            let retry = task.retryAt.map { "\(label) \(shapes.shortText($0))" }
            table.add(
                .init(task.mapName.map { "\(name) \($0)" } ?? name), .init(task.state.rawValue, task.state.tone),
                .init(task.tryNumber == 0 ? "" : String(task.tryNumber)), .init(shapes.shortText(task.startDate)),
                .init(took(task.startDate, task.endDate)),
                .init([task.reason, retry].compactMap { $0 }.joined(separator: "; ")))
            let own = ownLineTellsLastTry(task) ? task.tryNumber : Int.max
            for attempt in task.tries where attempt.tryNumber < own {
                let code = attempt.exitCode.map { "exit code \($0)" }
                table.add(
                    .init("", .quiet), .init(attempt.state.rawValue, attempt.state.tone),
                    .init(String(attempt.tryNumber)),
                    .init(shapes.shortText(attempt.startedAt)), .init(took(attempt.startedAt, attempt.endedAt)),
                    .init(attempt.reason ?? code, .quiet))
            }
        }
        return table
    }

    /// What callbacks told or are to tell: a line each.
    static func notifications(_ detail: RunDetail, _ shapes: RecordShapes) -> TextTable {
        var table = TextTable(
            .init("NOTIFIED OF"), .init("BY"), .init("STATE"), .init("TRIED", .right), .init("AT"), .init("LAST ERROR"))
        for notice in detail.notifications {
            let name = notice.isOfDAG ? "the run" : notice.task.map { Self.name($0) } ?? ""
            let next = notice.nextAt.map { "next delivery at \(shapes.shortText($0))" }
            table.add(
                .init("\(notice.callback.event.rawValue) of \(name)"), .init(notice.callback.notifier),
                .init(
                    notice.state.rawValue,
                    notice.state == .delivered ? .good : notice.state == .failed ? .bad : .quiet),
                .init(String(notice.deliveries)), .init(shapes.shortText(notice.endedAt ?? notice.createdAt)),
                .init([notice.lastError, next].compactMap { $0 }.joined(separator: "; ")))
        }
        return table
    }

    private static func name(_ instance: TaskInstanceKey) -> String {
        instance.mapIndex < 0 ? instance.task.rawValue : "\(instance.task)[\(instance.mapIndex)]"
    }

    /// Whether it tells how the last try went: not once the task was cleared, or is to start anew because that was lost.
    private static func ownLineTellsLastTry(_ task: TaskStatus) -> Bool {
        task.startDate != nil && task.state != .none && task.state != .scheduled
    }

    private static func took(_ start: Timestamp?, _ end: Timestamp?) -> String? {
        guard let start, let end else { return nil }
        return (end - start).humanText(units: 2)
    }
}
