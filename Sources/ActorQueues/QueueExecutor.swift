package import Dispatch

/// Runs an actor on a serial queue of its own: so that a blocking C call in it holds none of the few cooperative
/// threads, and so that busy tasks there do not delay it.
///
/// `DispatchSerialQueue` does not exist on Linux.
package final class QueueExecutor: SerialExecutor {
    /// The actor's queue: a dispatch source on it may use `assumeIsolated` in its handler.
    package let queue: DispatchQueue

    package init(label: String, qos: DispatchQoS = .unspecified) { queue = DispatchQueue(label: label, qos: qos) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
