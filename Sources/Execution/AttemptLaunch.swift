package import CivilTime
package import DAGModel

/// One try of one task, ready to be carried out: its row is committed before an executor sees it.
///
/// It goes through many hands, all of which share it.
package final class AttemptLaunch: Sendable {
    package let attempt: AttemptID
    /// The epoch of the leader that started it; its results count only while that leader leads.
    package let epoch: Int64
    package let dag: DAG
    package let task: TaskSpec
    package let run: RunFacts
    /// -1 for a task that is not mapped.
    package let mapIndex: Int
    /// 1 for the first try.
    package let tryNumber: Int
    /// Airflow's `max_tries`: a failed try is followed by another while its number is not above this.
    package let maxTries: Int
    /// When the try began, which for one that waited without a slot is before this part of it; nil for now.
    package let startedAt: Timestamp?
    /// The queue in which it is handed over to workers; nil when the scheduler carries it out itself.
    package let queue: String?

    package init(
        attempt: AttemptID, epoch: Int64, dag: DAG, task: TaskSpec, run: RunFacts, mapIndex: Int, tryNumber: Int,
        maxTries: Int, startedAt: Timestamp? = nil, queue: String? = nil
    ) {
        self.attempt = attempt
        self.epoch = epoch
        self.dag = dag
        self.task = task
        self.run = run
        self.mapIndex = mapIndex
        self.tryNumber = tryNumber
        self.maxTries = maxTries
        self.startedAt = startedAt
        self.queue = queue
    }
}
