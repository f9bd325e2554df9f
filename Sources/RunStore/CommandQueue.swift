package import DAGModel
package import SchedulerCore

/// How everyone but the leader asks for something.
///
/// A row is the truth; a notification only wakes the leader.
package protocol CommandQueue: Sendable {
    /// Adds a command and returns its number. The same idempotency key gives the same command and adds nothing.
    func submit(_ command: Command, actor: String, idempotencyKey: String?) async throws -> Int64

    /// What became of a command; nil while it waits.
    func outcome(of command: Int64) async throws -> CommandOutcome?

    /// Waits until the leader has dealt with a command; nil when it has not within `timeout`.
    func waitForOutcome(of command: Int64, timeout: Duration) async throws -> CommandOutcome?

    /// Sets the paused flag, in effect at the leader's next look (at once when it is there). False: no such DAG.
    func setPaused(_ dag: DAGID, _ isPaused: Bool, actor: String) async throws -> Bool

    /// Makes a pool or changes one, in effect at the leader's next look (at once when it is there).
    ///
    /// - Parameters:
    ///   - slots: 0 holds its tasks back; -1 is no limit.
    ///   - description: nil to leave it as it is.
    func setPool(_ name: String, slots: Int, description: String?, actor: String) async throws

    /// Removes a pool; tasks that name it wait until there is one again. False: no such pool, or it is the default one.
    func deletePool(_ name: String, actor: String) async throws -> Bool

    /// Writes a note on a run, or on a task of it, in place of an earlier one; nil removes it. False: no such run.
    ///
    /// - Parameter mapIndex: -1 unless the task is mapped.
    func setNote(_ text: String?, on run: RunKey, task: TaskID?, mapIndex: Int, actor: String) async throws -> Bool
}
