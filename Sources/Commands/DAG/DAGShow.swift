import ArgumentParser
import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// `cryptoflow dag show ID`.
struct DAGShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a DAG: its schedule, tasks and newest runs.",
        discussion: """
            Examples:
              cryptoflow dag show candles_1h
              cryptoflow dag show candles_1h --source
            """)

    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Flag(help: "Print the document's text instead.")
    var source = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let detail = try await database.withHistory { try await HistoryLookup($0).dag(dag) }
        if source { return try environment.console.output(detail.sourceText) }
        let now = environment.now()
        try options.write(shape(detail, now)) { isColourful in
            var text = fields(detail, now).text(isColourful: isColourful)
            text += "\n\n" + tasks(detail.definition).text(isColourful: isColourful)
            let runs = detail.summary.lastRuns.prefix(5)
            if !runs.isEmpty {
                text += "\n\n" + RunList.table(Array(runs), options.shapes).text(isColourful: isColourful)
            }
            return text
        }
    }

    private func shape(_ detail: DAGDetail, _ now: Timestamp) -> JSONValue {
        let shapes = options.shapes
        var members = shapes.dag(detail.summary, now: now).objectValue ?? [:]
        members["tasks"] = .array(detail.definition.tasks.map { shapes.task($0, of: detail.definition) })
        members["last_runs"] = .array(detail.summary.lastRuns.map { shapes.run($0) })
        members["start_date"] = detail.definition.bounds.start.map { .string(shapes.text($0)) } ?? .null
        members["end_date"] = detail.definition.bounds.end.map { .string(shapes.text($0)) } ?? .null
        members["max_active_runs"] = .int(Int64(detail.definition.maxActiveRuns))
        members["max_active_tasks"] = .int(Int64(detail.definition.maxActiveTasks))
        members["deadlines"] = .array((detail.definition.deadlines ?? []).map { shapes.deadline($0) })
        members["doc_md"] = detail.definition.docMD.map { .string($0) } ?? .null
        members["params"] = .object(detail.definition.params)
        members["source"] = .string(detail.sourceText)
        return .object(members)
    }

    private func fields(_ detail: DAGDetail, _ now: Timestamp) -> FieldList {
        let summary = detail.summary
        let definition = detail.definition
        let next = summary.nextDue(now: now)
        var list = FieldList()
        list.add("dag", summary.id.rawValue)
        list.add("name", summary.displayName)
        list.add("description", summary.summary)
        list.add("state", summary.stateCell.text, summary.stateCell.tone)
        list.add("schedule", summary.timetable.description)
        list.add("start date", options.shapes.text(definition.bounds.start))
        list.add("end date", options.shapes.text(definition.bounds.end))
        let window = definition.catchupWindow.map { "yes, for \($0.humanText(units: 2))" } ?? "yes"
        list.add("catchup", summary.catchup ? window : "no")
        list.add("next run", options.shapes.text(next?.due))
        list.add("at once", "\(definition.maxActiveRuns) runs, \(definition.maxActiveTasks) tasks a run")
        for deadline in definition.deadlines ?? [] { list.add("deadline", deadline.rule) }
        list.add("owner", summary.owner)
        list.add("tags", summary.tags.joined(separator: ", "))
        list.add("file", summary.file)
        list.add("version", "\(summary.versionNumber) (\(summary.version.rawValue.prefix(12)))")
        return list
    }

    private func tasks(_ dag: DAG) -> TextTable {
        var table = TextTable(
            .init("TASK"), .init("OPERATOR"), .init("AFTER"), .init("RULE"), .init("RETRIES", .right), .init("CHANGES"))
        for task in dag.tasks {
            table.add(
                .init(task.id.rawValue), .init(task.operatorName),
                .init(task.upstream.map(\.rawValue).joined(separator: ", ")), .init(task.triggerRule.rawValue, .quiet),
                .init(String(task.retries)), .init(task.outlets.joined(separator: ", ")))
        }
        return table
    }
}
