import CivilTime
package import DAGModel
package import Execution
import Timetables

/// Airflow's LatestOnlyOperator: skips the tasks directly below it in every scheduled run but the newest.
package struct LatestOnlyOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "latest_only",
        aliases: [
            "LatestOnlyOperator", "airflow.providers.standard.operators.latest_only.LatestOnlyOperator",
            "airflow.operators.latest_only.LatestOnlyOperator",
        ],
        summary: "Skips the next tasks unless this is the newest run of the schedule.", parameters: [.pushesOutput])

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments: [String: JSONValue]) throws {
        _ = try Arguments(arguments, Self.signature)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let launch = context.launch
        // As in Airflow, a run made by hand is always taken for the latest.
        let next =
            launch.run.type == .manual || !launch.dag.timetable.isTimeBased
            ? nil : launch.dag.timetable.next(after: launch.run.runAfter, bounds: launch.dag.bounds)
        guard let next, next.due <= .now() else {
            context.log.info("this is the latest run")
            return TaskResult()
        }
        context.log.info("not the latest run: the next was due at \(next.due.iso8601)")
        return TaskResult(skips: .direct)
    }
}
