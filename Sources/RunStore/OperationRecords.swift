package import CivilTime
package import DAGModel
import SchedulerCore

/// What somebody wrote on a run, or on a task of it.
package struct Note: Hashable, Sendable {
    /// Nil for a note on the run itself.
    package let task: TaskID?
    /// -1 unless the task is mapped.
    package let mapIndex: Int
    package let text: String
    package let author: String
    package let writtenAt: Timestamp

    /// The most bytes of UTF-8 that a note may have.
    package static let maximumBytes = 65_536

    package init(task: TaskID?, mapIndex: Int, text: String, author: String, writtenAt: Timestamp) {
        self.task = task
        self.mapIndex = mapIndex
        self.text = text
        self.author = author
        self.writtenAt = writtenAt
    }
}

/// A pool and who holds its slots.
package struct PoolUse: Hashable, Sendable {
    package let name: String
    /// 0 holds its tasks back; -1 is no limit.
    package let slots: Int
    /// The longest-running first.
    package let holders: [PoolHolder]
    package let description: String?

    /// The pool of tasks that name none; it cannot be removed.
    package static let defaultName = "default_pool"
    /// The most characters of a name, as in Airflow.
    package static let maximumNameLength = 256

    package init(name: String, slots: Int, holders: [PoolHolder], description: String? = nil) {
        self.name = name
        self.slots = slots
        self.description = description
        self.holders = holders.sorted { ($0.since, $0.task) < ($1.since, $1.task) }
    }

    /// Slots that are held.
    package var used: Int { holders.reduce(0) { $0 + $1.slots } }

    package var isUnlimited: Bool { slots < 0 }

    /// Slots that nobody holds: below 0 where the pool became smaller than what runs in it.
    package var free: Int { isUnlimited ? .max : slots - used }
}

/// A try that holds slots of a pool.
package struct PoolHolder: Hashable, Sendable {
    package let dag: DAGID
    package let runID: String
    package let task: TaskID
    package let mapIndex: Int
    package let slots: Int
    package let since: Timestamp

    package init(dag: DAGID, runID: String, task: TaskID, mapIndex: Int, slots: Int, since: Timestamp) {
        self.dag = dag
        self.runID = runID
        self.task = task
        self.mapIndex = mapIndex
        self.slots = slots
        self.since = since
    }
}
