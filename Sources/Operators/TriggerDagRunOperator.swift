import CivilTime
package import DAGModel
package import Execution

/// Airflow's TriggerDagRunOperator: asks for a run of another DAG, and may wait for its end without holding a slot.
///
/// The request carries a key of this task, so a try that goes on or is repeated after a crash means the same run.
package struct TriggerDagRunOperator: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "trigger_dag_run",
        aliases: [
            "TriggerDagRunOperator", "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator",
        ],
        summary: "Makes a run of another DAG.",
        parameters: [
            .init("trigger_dag_id", .string, required: true, "the DAG"),
            .init("trigger_run_id", .string, "the run's id; made up when absent"),
            .init("conf", .object, "the run's conf"),
            .init("logical_date", .string, "the run's logical date; none when absent"),
            .init("wait_for_completion", .boolean, "whether this task ends when that run does; false by default"),
            .init("poke_interval", .duration, "the pause between two looks; 60s by default"),
            .init("allowed_states", .list, "states of the run that are a success; success by default"),
            .init("failed_states", .list, "states of the run that are a failure; failed by default"),
            .init("skip_when_already_exists", .boolean, "whether a run that exists already skips this task"),
            .init("deferrable", .boolean, "accepted for Airflow's sake: waiting never holds a slot"),
            .pushesOutput,
        ])

    private let dag: DAGID
    private let runID: String?
    private let conf: JSONValue
    private let date: Timestamp?
    private let waits: Bool
    private let interval: Duration
    private let allowed: [String]
    private let failed: [String]
    private let skipsExisting: Bool
    private let runs: any RunInquiry

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], runs: any RunInquiry) throws {
        let arguments = try Arguments(values, Self.signature)
        self.runs = runs
        dag = DAGID(try arguments.required("trigger_dag_id"))
        runID = try arguments.string("trigger_run_id")
        conf = .object(try arguments.object("conf") ?? [:])
        date = try arguments.string("logical_date").map { text in
            guard let instant = Timestamp(iso8601: text) else {
                throw Arguments.failure("logical_date must be a date and time such as 2026-01-01T00:00:00Z")
            }
            return instant
        }
        waits = try arguments.bool("wait_for_completion", default: false)
        interval = try arguments.duration("poke_interval") ?? .seconds(60)
        allowed = arguments["allowed_states"]?.arrayValue?.compactMap(\.stringValue) ?? ["success"]
        failed = arguments["failed_states"]?.arrayValue?.compactMap(\.stringValue) ?? ["failed"]
        skipsExisting = try arguments.bool("skip_when_already_exists", default: false)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        let launch = context.launch
        let instance = TaskInstanceKey(run: launch.run.key, task: launch.task.id, mapIndex: launch.mapIndex)
        let request = RunRequest(
            dag: dag, runID: runID, logicalDate: date, conf: conf,
            actor: "task \(launch.dag.id)/\(launch.run.runID)/\(launch.task.id)")
        switch try await runs.request(request, key: "trigger \(instance)") {
        case .waiting:
            throw TaskDefer(after: .seconds(1), now: .now(), "no scheduler has made the run of \(dag) yet")
        case .refused(let reason):
            if skipsExisting, reason.contains("already has run") { throw TaskSkip(reason) }
            throw TaskFailure(reason, isRetryable: false)
        case .made(let made):
            guard waits else {
                context.log.info("made run \(made) of \(dag)")
                return TaskResult(output: .string(made))
            }
            return try await follow(made, context)
        }
    }

    private func follow(_ made: String, _ context: TaskContext) async throws -> TaskResult {
        guard let state = try await runs.standing(of: dag, runID: made)?.state.rawValue else {
            throw TaskFailure("run \(made) of \(dag) is gone", isRetryable: false)
        }
        if failed.contains(state) { throw TaskFailure("run \(made) of \(dag) ended \(state)", isRetryable: false) }
        if allowed.contains(state) { return TaskResult(output: .string(made)) }
        throw TaskDefer(after: interval, now: .now(), "run \(made) of \(dag) is \(state)")
    }
}
