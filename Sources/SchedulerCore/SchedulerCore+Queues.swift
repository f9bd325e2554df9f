import CivilTime
import DAGModel
import HeapModule

// Tasks that workers carry out: those of queues that are not the scheduler's own.

extension SchedulerCore {
    /// The queue in which a task is handed over; nil when the scheduler carries it out itself.
    func handOverQueue(of spec: TaskSpec) -> String? {
        guard let own = configuration.ownQueues, !own.contains(spec.queue) else { return nil }
        return spec.queue
    }

    /// Puts a task among those that only lack a slot.
    mutating func line(_ task: ReadyTask) {
        if task.isForWorkers { readyForWorkers.insert(task) } else { ready.insert(task) }
    }

    /// The next task that may start, by priority: where the scheduler itself has no place left, one for workers.
    mutating func nextReady() -> ReadyTask? {
        guard attempts.count - handedOver.count < configuration.parallelism else { return readyForWorkers.popMax() }
        guard let own = ready.max else { return readyForWorkers.popMax() }
        if let other = readyForWorkers.max, own < other { return readyForWorkers.popMax() }
        return ready.popMax()
    }

    /// Whether ``nextReady()`` has one.
    var hasReady: Bool {
        !readyForWorkers.isEmpty || attempts.count - handedOver.count < configuration.parallelism && !ready.isEmpty
    }

    /// Has what is to be stopped stopped again: a worker's try goes on while leaders change.
    mutating func stopHandedOver(in run: RunEntry) {
        for task in run.tasks {
            guard let attempt = task.attempt, handedOver.contains(attempt) else { continue }
            if let reason = run.stopReason ?? (task.markedState == nil ? nil : "changed by hand") {
                decision.actions.append(.stop(attempt, reason: reason))
            }
        }
    }

    /// When a worker's try began: when the worker took it, as far as that goes with this scheduler's clock.
    func beginning(_ takenAt: Timestamp?, of task: TaskEntry) -> Timestamp? {
        guard let takenAt, task.waitingSince == nil, let handedOver = task.startDate else { return nil }
        return min(max(takenAt, handedOver), max(now, handedOver))
    }
}
