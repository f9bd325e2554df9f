import Dispatch

/// Runs what belongs to no actor on an actor's own queue, where it would else need a cooperative thread between two steps
/// of that actor: each change of thread costs more than such a step.
final class QueueTaskExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(_ queue: DispatchQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
