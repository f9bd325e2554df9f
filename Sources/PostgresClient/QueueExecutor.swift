import Dispatch

/// Runs an actor on a serial queue of its own, so that blocking in libpq holds none of the few cooperative threads.
///
/// On two cores, four plain actors that block for a second delay every other task by two.
final class QueueExecutor: SerialExecutor {
    let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
