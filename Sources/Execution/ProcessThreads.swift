import CLinux
import Glibc
import Synchronization

/// Plain threads on which tries run that start processes, and that learn of the ends of these processes.
///
/// A spawn blocks until the program runs, which no cooperative thread may do, and somebody has to wait for the end. The
/// same threads for both, and for the operator's own steps, save the wakings of others between them: on a busy machine
/// those cost more than the steps. Whatever else blocks, and for longer, does not belong here.
package final class ProcessThreads: TaskExecutor {
    private let epoll: Int32
    /// An eventfd that ends the wait of one thread.
    private let bell: Int32
    /// Marks these threads.
    private let mark: pthread_key_t

    private struct State {
        var jobs: [UnownedJob] = []
        /// The threads that wait, or are about to, and have to be woken for a job.
        var waiting = 0
    }

    private let state = Mutex(State())

    /// The bell's key; a child's is its number.
    private static let bellKey: UInt64 = 0

    /// The threads of this process, started by the first use; nil when it may have none.
    package static let shared: ProcessThreads? = ProcessThreads()

    /// One a processor, for spawns take processors: two at least, so that a spawn holds up no end, and four at most.
    private static let count = max(2, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    private init?() {
        epoll = cryptoflow_epoll_create()
        bell = cryptoflow_eventfd()
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        mark = key
        guard epoll >= 0, bell >= 0, cryptoflow_epoll_add_bell(epoll, bell, Self.bellKey) == 0,
            (0..<Self.count).count(where: { _ in startThread() }) > 0
        else {
            close(epoll)
            close(bell)
            return nil
        }
    }

    private func startThread() -> Bool {
        var thread = pthread_t()
        let kept = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ProcessThreads>.fromOpaque(argument).takeRetainedValue().loop() }
                return nil
            }, kept.toOpaque())
        guard code == 0 else {
            kept.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustRing = state.withLock { state in
            state.jobs.append(job)
            // One of these threads will look for jobs by itself, in a moment.
            return state.waiting > 0 && pthread_getspecific(mark) == nil
        }
        if mustRing { cryptoflow_ring(bell) }
    }

    /// Reports the child once to `ChildReaper` when its descriptor says that it has ended.
    ///
    /// Returns false with `errno` when that is impossible.
    func watch(_ pid: Int32, _ descriptor: Int32) -> Bool { cryptoflow_epoll_add(epoll, descriptor, UInt64(pid)) == 0 }

    func forget(_ descriptor: Int32) { cryptoflow_epoll_remove(epoll, descriptor) }

    private func loop() {
        let reaper = ChildReaper.shared
        let executor = asUnownedTaskExecutor()
        cryptoflow_name_thread("processes")
        Self.unblockChildSignal()
        pthread_setspecific(mark, Unmanaged.passUnretained(self).toOpaque())
        var keys = [UInt64](repeating: 0, count: 64)
        while true {
            let (job, mustRing) = state.withLock { state -> (UnownedJob?, Bool) in
                guard !state.jobs.isEmpty else {
                    state.waiting += 1
                    return (nil, false)
                }
                let job = state.jobs.removeFirst()
                return (job, !state.jobs.isEmpty && state.waiting > 0)
            }
            // This job may block: the next one is somebody else's.
            if mustRing { cryptoflow_ring(bell) }
            job?.runSynchronously(on: executor)
            // Between jobs only a look: the ends of children shall not wait for jobs to run dry.
            let count = cryptoflow_epoll_wait(epoll, &keys, job == nil ? -1 : 0)
            if job == nil { state.withLock { $0.waiting -= 1 } }
            guard count > 0 else { continue }
            let ended = keys[..<Int(count)].filter { $0 != Self.bellKey }
            if !ended.isEmpty { reaper.ended(ended.map { Int32(truncatingIfNeeded: $0) }) }
        }
    }

    /// Lets the kernel drop SIGCHLD, which nobody here uses: as long as the thread that spawned a child blocks it, the
    /// child's end wakes the main thread and whatever waits for any signal.
    private static func unblockChildSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGCHLD)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
