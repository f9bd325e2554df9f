import ArgumentParser
import CivilTime
import DAGDocument
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Timetables

/// `cryptoflow task render DAG TASK`.
struct TaskRender: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Print a task's arguments as its next try would get them.",
        discussion: """
            Nothing is run. Outputs of other tasks are read from the run named with --run; without one they are null. \
            A mapped task is shown with the whole lists of its mapped arguments, or with --map-index as that instance gets them. \
            Variables and connections come from the environment; their secrets are shown as ***. A file is rendered without a database.

            Examples:
              cryptoflow task render candles_1h fetch
              cryptoflow task render report load --run r1
              cryptoflow task render report each --run r1 --map-index 2
              cryptoflow task render dags/report.yaml load --conf '{"market": "KRW-BTC"}'
            """)

    @Argument(help: ArgumentHelp("The DAG's id, or a document's file.", valueName: "dag|file"))
    var dag: String

    @Argument(help: ArgumentHelp("The task's id.", valueName: "task"))
    var task: String

    @Option(
        help: ArgumentHelp("The logical date; without an offset in UTC (default: now).", valueName: "time"),
        transform: Instants.parse)
    var logicalDate: Timestamp?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("A run of the DAG, with its definition, dates and outputs.", valueName: "id"))
    var runID: String?

    @Option(help: ArgumentHelp("Which instance of a mapped task.", valueName: "i"))
    var mapIndex: Int?

    @Option(help: ArgumentHelp("The run's configuration, a JSON object.", valueName: "json"), transform: Conf.parse)
    var conf: JSONValue?

    @Option(name: .customLong("dag"), help: ArgumentHelp("Which DAG of a file that has several.", valueName: "id"))
    var id: String?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        if let mapIndex, mapIndex < 0 { throw ValidationError("map indexes count from 0, not \(mapIndex)") }
        if runID != nil, logicalDate != nil {
            throw ValidationError("a run has its own date: leave --logical-date away")
        }
        if runID != nil, NamedDAG.isFile(dag) { throw ValidationError("--run needs the DAG's id, not a file") }
    }

    func run() async throws {
        let rendered: JSONValue
        if NamedDAG.isFile(dag) {
            rendered = try await render(try NamedDAG.read(file: dag, id: id).dag, nil, outputs: NoOutputs())
        } else {
            rendered = try await database.withHistory { opened in
                let lookup = HistoryLookup(opened)
                guard let runID else {
                    return try await render(try await lookup.dag(dag).definition, nil, outputs: NoOutputs())
                }
                let detail = try await lookup.run(dag, runID)
                return try await render(detail.definition, detail.run, outputs: HistoryOutputs(history: opened.history))
            }
        }
        try options.write(rendered) { _ in rendered.yamlText }
    }

    private func render(_ definition: DAG, _ record: RunRecord?, outputs: any OutputReader) async throws -> JSONValue {
        let name = TaskName(task, mapIndex: mapIndex)
        guard var spec = definition.tasks.first(where: { $0.id.rawValue == name.id }) else {
            throw HistoryLookup.unknown(
                "DAG \"\(definition.id)\" has no task \"\(name.id)\"", name.id, definition.tasks.map(\.id.rawValue),
                list: "cryptoflow dag show \(definition.id)", empty: "it has no tasks")
        }
        let environment = CommandEnvironment.current
        if spec.expand.isEmpty, name.mapIndex != nil {
            throw CommandFailure("task \"\(name.id)\" is not mapped", nextStep: "Leave --map-index away.")
        }
        if !spec.expand.isEmpty, name.mapIndex == nil {
            // Without an instance a mapped argument is its whole list.
            spec.arguments.merge(spec.expand) { _, list in list }
            spec.expand = [:]
            spec.expandOrder = []
        }
        let run = record.map { facts(of: $0) } ?? facts(of: definition, now: environment.now())
        let launch = AttemptLaunch(
            attempt: AttemptID(rawValue: 0), epoch: 0, dag: definition, task: spec, run: run,
            mapIndex: name.mapIndex ?? -1,
            tryNumber: 1, maxTries: spec.retries + 1)
        let renderer = ArgumentRenderer(
            outputs: outputs, variables: Variables(environment: environment.variables),
            connections: Connections(environment: environment.variables))
        // The log would only say which outputs are null, which the result shows as well.
        let log = TaskLog(path: "/dev/null", mask: environment.secrets)
        do {
            return log.masked(.object(try await renderer.render(launch, log: log)))
        } catch let failure as TaskFailure {
            throw CommandFailure(
                "task \"\(task)\" cannot be rendered: \(log.masked(failure.reason))",
                nextStep: record == nil && name.mapIndex != nil && spec.expand.values.contains(where: \.readsOutputs)
                    ? "The outputs of other tasks are read from a run: name one with --run." : nil)
        }
    }

    private func facts(of record: RunRecord) -> RunFacts {
        RunFacts(
            key: record.key, runID: record.runID, type: record.type, logicalDate: record.logicalDate,
            interval: record.interval, runAfter: record.runAfter, startDate: record.startDate,
            conf: conf ?? record.conf, events: record.events)
    }

    private func facts(of definition: DAG, now: Timestamp) -> RunFacts {
        let date = logicalDate ?? now
        let manual = definition.timetable.manual(runAfter: date, bounds: definition.bounds)
        return RunFacts(
            key: RunKey(rawValue: 0), runID: "manual__\(date.iso8601)", type: .manual, logicalDate: date,
            interval: manual.interval, runAfter: date, startDate: now, conf: conf ?? .object([:]), events: nil)
    }

    private struct NoOutputs: OutputReader {
        func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? { nil }
        func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] { [] }
    }

    private struct HistoryOutputs: OutputReader {
        let history: any RunHistory

        func output(of instance: TaskInstanceKey, key: String) async throws -> JSONValue? {
            try await history.taskOutput(of: instance, key: key)
        }

        func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] {
            try await history.outputs(of: task, in: run, key: key)
        }
    }

    private struct Variables: VariableReader {
        let environment: [String: String]

        func variable(named name: String) async throws -> String? {
            VariableName.text(of: name, in: environment)
        }
    }
}
