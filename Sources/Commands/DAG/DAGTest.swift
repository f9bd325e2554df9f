import ArgumentParser
import CivilTime
import DAGDocument
import DAGModel
import Glibc
import RunStore
import SchedulerCore

/// `cryptoflow dag test ID`.
struct DAGTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run a whole DAG in this terminal, without a history.",
        discussion: """
            The tasks are really carried out, by the rules of the scheduler (retries, trigger rules, pools …), their \
            logs are shown as they are written, and nothing is kept. Ctrl-C stops what runs.

            Connections and variables come from the environment. A database is needed only by tasks that use its \
            connection `warehouse` or market data: the one of --database, or of a home whose `standalone` runs. Other \
            DAGs are not there: what waits for one of their runs waits in vain, and none is triggered. Callbacks call \
            nobody.

            Examples:
              cryptoflow dag test report
              cryptoflow dag test dags/report.yaml --conf '{"market": "KRW-BTC"}'
              cryptoflow dag test report --task load
              cryptoflow dag test report --output json 2>/dev/null

            Exit codes: 0 the run succeeded; 1 it failed, or there was none; 2 wrong command line; 130 stopped by \
            Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("The DAG's id, or a document's file.", valueName: "dag|file"))
    var dag: String

    @Option(
        help: ArgumentHelp("The run's logical date; without an offset in UTC (default: now).", valueName: "time"),
        transform: Instants.parse)
    var logicalDate: Timestamp?

    @Option(help: ArgumentHelp("The run's configuration, a JSON object.", valueName: "json"), transform: Conf.parse)
    var conf: JSONValue = .object([:])

    @Option(
        help: ArgumentHelp(
            "Folder of DAG documents (default: dags, else the one that comes with the program).", valueName: "dir"))
    var dags: String?

    @Option(
        help: ArgumentHelp(
            "Only this task, without those above it: their outputs are null. Not for one that is mapped over an output.",
            valueName: "task"))
    var task: String?

    @Option(name: .customLong("dag"), help: ArgumentHelp("Which DAG of a file that has several.", valueName: "id"))
    var id: String?

    @Option(help: ArgumentHelp("Another address that speaks Upbit's REST dialect.", valueName: "url"))
    var exchangeURL: String?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var options: OutputOptions

    func validate() throws {
        if NamedDAG.isFile(dag), dags != nil { throw ValidationError("a file needs no folder: leave --dags away") }
        if !NamedDAG.isFile(dag), id != nil { throw ValidationError("--dag goes with a file, \"\(dag)\" is an id") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        guard let tester = environment.tester else { throw CommandFailure("this program cannot run DAGs") }
        let loaded = try NamedDAG.isFile(dag) ? NamedDAG.read(file: dag, id: id) : find(tester)
        let tested = try task.map { try Self.only($0, of: loaded.dag) } ?? loaded.dag
        let printer = TestPrinter(
            tasks: tested.tasks.map(\.id), console: environment.console,
            stream: options.output == .table ? .output : .error)
        let result = try await tester.run(
            DAGTestRequest(
                dag: DAGRecord(dag: tested, version: loaded.versionID, sourceText: loaded.sourceText),
                logicalDate: logicalDate ?? environment.now(), conf: conf, database: database.target,
                exchangeURL: exchangeURL, environment: environment.variables)
        ) { printer.show($0) }
        guard case .ended(let detail) = result else {
            try environment.console.error("stopped: nothing of the run goes on")
            throw CancellationError()
        }
        try write(detail)
        if detail.run.state != .success {
            throw CommandFailure(Self.sentence(detail))
        }
    }

    /// The DAG with one task alone, which nothing keeps from starting.
    static func only(_ name: String, of dag: DAG) throws -> DAG {
        guard var task = dag.tasks.first(where: { $0.id.rawValue == name }) else {
            throw HistoryLookup.unknown(
                "DAG \"\(dag.id)\" has no task \"\(name)\"", name, dag.tasks.map(\.id.rawValue),
                list: "cryptoflow dag graph \(dag.id)", empty: "it has no tasks")
        }
        for argument in task.expandedNames {
            guard case .output(let source, _) = task.expand[argument] else { continue }
            throw CommandFailure(
                "task \"\(name)\" is mapped over the output of task \"\(source)\", and there is none without it",
                nextStep: "Test the whole DAG: leave --task away.")
        }
        task.upstream = []
        task.triggerRule = .allSuccess
        var dag = dag
        dag.tasks = [task]
        return dag
    }

    /// The DAG of a folder.
    private func find(_ tester: any DAGTester) throws -> LoadedDAG {
        let folder = try dags ?? (access("dags", R_OK | X_OK) == 0 ? "dags" : tester.folder())
        let check = DocumentCheck(catalog: OperatorCatalog(CommandEnvironment.current.operators), isPortable: false)
        let result = check.run([folder])
        let known = result.files.flatMap(\.dags)
        if let found = known.first(where: { $0.dag.id.rawValue == dag }) { return found }
        let errors = result.diagnostics.filter { $0.severity == .error }
        for problem in errors { try CommandEnvironment.current.console.error("\(problem)") }
        throw HistoryLookup.unknown(
            "there is no DAG \"\(dag)\" in \(folder)\(errors.isEmpty ? "" : ", where documents have errors")", dag,
            known.map(\.dag.id.rawValue).sorted(), list: "cryptoflow dag validate \(folder)",
            empty: "it has no DAGs without errors")
    }

    private func write(_ detail: RunDetail) throws {
        let shapes = options.shapes
        var members = shapes.run(detail.run).objectValue ?? [:]
        members["tasks"] = .array(detail.tasks.map { shapes.taskInstance($0, of: detail.run, detail.definition) })
        try options.write(.object(members)) { isColourful in
            let took = (detail.run.endDate ?? detail.run.queuedAt) - (detail.run.startDate ?? detail.run.queuedAt)
            return detail.run.state.tone.paint(
                "\(detail.run.dag) \(detail.run.state.rawValue) after \(TestPrinter.text(took))", isColourful)
        }
    }

    private static func sentence(_ detail: RunDetail) -> String {
        var sentence = "the run of DAG \"\(detail.run.dag)\" failed"
        if let reason = detail.run.reason { sentence += ": \(reason)" }
        for task in detail.tasks.filter({ $0.state == .failed }).prefix(5) {
            sentence += "; task \"\(task.instance.task)\": \(task.reason ?? "failed")"
        }
        return sentence
    }
}
