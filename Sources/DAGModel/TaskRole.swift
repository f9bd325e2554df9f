/// Tasks that make a resource for others, and those that take it away again: Airflow's setup and teardown.
package enum TaskRole: String, Hashable, Sendable, Codable {
    case setup, teardown
}

extension TaskSpec {
    package var isSetup: Bool { role == .setup }
    package var isTeardown: Bool { role == .teardown }

    /// Whether a run's outcome pays no heed to the task: a teardown, unless its failure is to fail the run.
    package var isIgnoredByRun: Bool { isTeardown && failsRun != true }
}
