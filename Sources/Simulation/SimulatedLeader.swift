import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// A leader of one epoch in a simulation: the real queue of decisions and gate of starts, and what its executor runs.
final class SimulatedLeader {
    /// Something that really runs.
    struct Execution {
        let start: AttemptStart
        /// When it ends by itself, since the simulation's start.
        let endsAt: Duration
        let end: AttemptEnd
    }

    let epoch: Int64
    var queue: DecisionQueue
    var gate: StartGate
    var batchNumber: Int64 = 0
    /// Batches under way to the store, oldest first.
    var sent: [CommitBatch] = []
    /// Committed actions that are not carried out yet.
    var actions: [Action] = []
    var executions: [Execution] = []
    /// What the store answered to the open question, on its way.
    var answer: SchedulerEvent?
    /// What the executor reported and nobody took yet.
    var reports: [SchedulerEvent] = []

    init(epoch: Int64, core: SchedulerCore, startsUntil: ContinuousClock.Instant) {
        self.epoch = epoch
        queue = DecisionQueue(core: core)
        gate = StartGate(end: startsUntil)
    }

    /// Moves what has ended by `elapsed` to the reports.
    func collectEnded(at elapsed: Duration) {
        let ended = executions.filter { $0.endsAt <= elapsed }
        executions.removeAll { $0.endsAt <= elapsed }
        reports += ended.map { .attemptEnded($0.end) }
    }

    /// Ends what runs before its time; false when it does not run.
    func stop(_ attempt: AttemptID, _ report: SchedulerEvent) -> Bool {
        guard let index = executions.firstIndex(where: { $0.start.attempt == attempt }) else { return false }
        executions.remove(at: index)
        reports.append(report)
        return true
    }

    /// The lease may have run out: everything that runs is stopped, as the real leader does.
    func leaseEnded() {
        for execution in executions {
            reports.append(.attemptInterrupted(execution.start.attempt, reason: "the lease could not be renewed"))
        }
        executions = []
    }
}
