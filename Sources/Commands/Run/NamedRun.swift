import ArgumentParser
import DAGModel
import RunStore

/// The run that a command line names by its DAG and its id.
struct NamedRun: ParsableArguments, CustomStringConvertible {
    @Argument(help: ArgumentHelp("The DAG's id.", valueName: "dag"))
    var dag: String

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String

    var dagID: DAGID { DAGID(dag) }

    var description: String { "run \(runID) of DAG \(dag)" }
}

/// The state that a person gives to a run or a task.
enum Mark: String, CaseIterable, ExpressibleByArgument {
    case success, failed
}

extension HistoryLookup {
    func run(_ named: NamedRun) async throws -> RunDetail { try await run(named.dag, named.runID) }
}
