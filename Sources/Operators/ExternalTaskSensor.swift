import CivilTime
package import DAGModel
package import Execution

/// Airflow's ExternalTaskSensor: waits for another DAG's run, or tasks of it, at the same logical date.
package struct ExternalTaskSensor: Execution.Operator {
    package static let signature = OperatorSignature(
        name: "external_task_sensor",
        aliases: ["ExternalTaskSensor", "airflow.providers.standard.sensors.external_task.ExternalTaskSensor"],
        summary: "Waits for another DAG's run, or tasks of it.",
        parameters: [
            .init("external_dag_id", .string, required: true, "the other DAG"),
            .init("external_task_id", .string, "one task of it; without tasks the whole run counts"),
            .init("external_task_ids", .list, "several tasks of it"),
            .init("execution_delta", .duration, "how much earlier its logical date is; none by default"),
            .init("logical_date", .string, "its logical date, instead of this run's"),
            .init("allowed_states", .list, "states that are waited for; success by default"),
            .init("skipped_states", .list, "states that skip this task; none by default"),
            .init("failed_states", .list, "states that fail this task; none by default"),
            .init("check_existence", .boolean, "whether a DAG or task that is not known fails this task at once"),
        ] + Sensing.parameters)

    private let dag: DAGID
    private let tasks: [TaskID]
    private let delta: Duration
    private let date: String?
    private let allowed: Set<String>
    private let skipped: Set<String>
    private let failed: Set<String>
    private let checksExistence: Bool
    private let sensing: Sensing
    private let runs: any RunInquiry

    /// Throws ``TaskFailure`` for an argument it cannot use.
    package init(arguments values: [String: JSONValue], runs: any RunInquiry) throws {
        let arguments = try Arguments(values, Self.signature)
        self.runs = runs
        dag = DAGID(try arguments.required("external_dag_id"))
        tasks =
            try arguments.string("external_task_id").map { [TaskID($0)] }
            ?? BranchOperator.names(arguments, "external_task_ids")
        delta = try arguments.duration("execution_delta") ?? .zero
        date = try arguments.string("logical_date")
        allowed = try Self.states(arguments, "allowed_states") ?? ["success"]
        skipped = try Self.states(arguments, "skipped_states") ?? []
        failed = try Self.states(arguments, "failed_states") ?? []
        checksExistence = try arguments.bool("check_existence", default: false)
        sensing = try Sensing(arguments)
        let both = allowed.intersection(skipped).union(allowed.intersection(failed)).union(skipped.intersection(failed))
        if let state = both.first {
            throw Arguments.failure("the state \"\(state)\" stands in more than one of the three lists of states")
        }
    }

    private static func states(_ arguments: Arguments, _ name: String) throws -> Set<String>? {
        guard arguments[name] != nil else { return nil }
        let names = try BranchOperator.names(arguments, name).map(\.rawValue)
        let known = TaskState.allCases.map(\.rawValue)
        for state in names where !known.contains(state) {
            let near = NearestName.of(state, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Arguments.failure("\(name): there is no state \"\(state)\"\(near)")
        }
        return Set(names)
    }

    package func execute(_ context: TaskContext) async throws -> TaskResult {
        if checksExistence { try await checkExistence() }
        let wanted = try wantedDate(context)
        let what = tasks.isEmpty ? "the run" : tasks.map(\.rawValue).joined(separator: ", ")
        let place = "\(what) of \(dag) at \(wanted.iso8601)"
        guard let standing = try await runs.standing(of: dag, logicalDate: wanted) else {
            throw sensing.notYet("there is no run of \(dag) at \(wanted.iso8601)", context)
        }
        let states =
            tasks.isEmpty ? [standing.state.rawValue] : tasks.map { (standing.tasks[$0] ?? .none).rawValue }
        let shown = Set(states).sorted().joined(separator: ", ")
        if states.contains(where: failed.contains) {
            throw TaskFailure("\(place) ended \(shown), one of failed_states", isRetryable: false)
        }
        if states.contains(where: skipped.contains) { throw TaskSkip("\(place) ended \(shown), one of skipped_states") }
        guard states.allSatisfy(allowed.contains) else { throw sensing.notYet("\(place): \(shown)", context) }
        return TaskResult()
    }

    private func checkExistence() async throws {
        guard let known = try await runs.tasks(of: dag) else {
            throw TaskFailure("there is no DAG \"\(dag)\"", isRetryable: false)
        }
        for task in tasks where !known.contains(task) {
            throw TaskFailure("DAG \"\(dag)\" has no task \"\(task)\"", isRetryable: false)
        }
    }

    private func wantedDate(_ context: TaskContext) throws -> Timestamp {
        if let date {
            guard let instant = Timestamp(iso8601: date) else {
                throw Arguments.failure("logical_date must be a date and time such as 2026-01-01T00:00:00Z")
            }
            return instant
        }
        guard let own = context.launch.run.logicalDate else {
            throw TaskFailure("this run has no logical date: say logical_date", isRetryable: false)
        }
        return own - delta
    }
}
