import CLinux
import Glibc
import Synchronization

/// A plain thread on which tries run that start processes, and that learns of the ends of these processes.
///
/// A spawn blocks until the program runs, which no cooperative thread may do, and somebody has to wait for the end. One
/// thread for both, and for the operator's own steps, saves the wakings of others between them: on a busy machine those
/// cost more than the steps. Whatever else blocks, and for longer, does not belong here.
package final class ProcessThread: TaskExecutor {
    private let epoll: Int32
    /// An eventfd that ends the wait when a job comes from elsewhere.
    private let bell: Int32
    private let thread = Atomic<pthread_t>(0)

    private struct State {
        var jobs: [UnownedJob] = []
        /// Whether the thread waits, or is about to, and has to be woken for a job.
        var isWaiting = false
    }

    private let state = Mutex(State())

    /// The bell's key; a child's is its number.
    private static let bellKey: UInt64 = 0

    /// One a processor, for spawns take processors: two at least, so that a spawn holds up no end, and four at most.
    ///
    /// The first spawn starts them, and they live as long as the program.
    private static let all: [ProcessThread] = {
        let count = max(2, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        return (0..<count).compactMap { _ in ProcessThread() }
    }()
    private static let turn = Atomic<Int>(0)

    /// The one whose turn it is; nil when this process may have no threads.
    package static func next() -> ProcessThread? {
        all.isEmpty ? nil : all[turn.add(1, ordering: .relaxed).oldValue % all.count]
    }

    /// The one that the caller runs on; nil when it is another thread.
    static var current: ProcessThread? {
        let own = pthread_self()
        return all.first { $0.thread.load(ordering: .acquiring) == own }
    }

    private init?() {
        epoll = cryptoflow_epoll_create()
        bell = cryptoflow_eventfd()
        guard epoll >= 0, bell >= 0, cryptoflow_epoll_add_bell(epoll, bell, Self.bellKey) == 0, start() else {
            close(epoll)
            close(bell)
            return nil
        }
    }

    private func start() -> Bool {
        var thread = pthread_t()
        let kept = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ProcessThread>.fromOpaque(argument).takeRetainedValue().loop() }
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
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if mustWake { cryptoflow_ring(bell) }
    }

    /// Reports the child once to `ChildReaper` when its descriptor says that it has ended.
    ///
    /// Returns false with `errno` when that is impossible.
    func watch(_ pid: Int32, _ descriptor: Int32) -> Bool { cryptoflow_epoll_add(epoll, descriptor, UInt64(pid)) == 0 }

    func forget(_ descriptor: Int32) { cryptoflow_epoll_remove(epoll, descriptor) }

    private func loop() {
        thread.store(pthread_self(), ordering: .releasing)
        let reaper = ChildReaper.shared
        var keys = [UInt64](repeating: 0, count: 64)
        var jobs: [UnownedJob] = []
        while true {
            let isIdle = state.withLock { state in
                swap(&jobs, &state.jobs)
                state.isWaiting = jobs.isEmpty
                return jobs.isEmpty
            }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            jobs.removeAll(keepingCapacity: true)
            // Between jobs only a look: neither they nor the ends of children shall wait for the others to run dry.
            let count = cryptoflow_epoll_wait(epoll, &keys, isIdle ? -1 : 0)
            state.withLock { $0.isWaiting = false }
            guard count > 0 else { continue }
            let ended = keys[..<Int(count)].filter { $0 != Self.bellKey }
            if !ended.isEmpty { reaper.ended(ended.map { Int32(truncatingIfNeeded: $0) }) }
        }
    }
}
