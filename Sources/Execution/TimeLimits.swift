import Dispatch
import Synchronization

/// Waits for instants that mostly never come: all share one timer.
///
/// `Task.sleep` keeps a timer of its own, a kilobyte, until its time has come, also when it is cancelled: after 40,000
/// tries that took a moment and had ten minutes each, those were 40 MB.
final class TimeLimits: Sendable {
    static let shared = TimeLimits()

    private struct Waits {
        let timer: any DispatchSourceTimer
        var open: [UInt64: Wait] = [:]
        var lastID: UInt64 = 0
        /// What the timer is set to; nil when it is not set.
        var armed: ContinuousClock.Instant?
    }

    private struct Wait: Sendable {
        let end: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private let waits: Mutex<Waits>

    /// The timer goes off at least this often: it counts otherwise than the clock while the machine sleeps.
    private static let longest = Duration.seconds(600)

    init() {
        let queue = DispatchQueue(label: "cryptoflow.time-limits")
        waits = Mutex(Waits(timer: DispatchSource.makeTimerSource(flags: .strict, queue: queue)))
        waits.withLock { waits in
            waits.timer.setEventHandler { [weak self] in self?.wentOff() }
            waits.timer.activate()
        }
    }

    deinit { waits.withLock { $0.timer.cancel() } }

    /// Returns after `limit`; throws `CancellationError` as soon as the task is cancelled, and keeps nothing then.
    func wait(for limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        let id = waits.withLock { waits in
            waits.lastID += 1
            return waits.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waits.withLock { waits in
                    waits.open[id] = Wait(end: end, continuation: continuation)
                    if waits.armed.map({ end < $0 }) ?? true { arm(&waits, for: end) }
                }
                // A cancel that came before the wait was entered did not find it.
                if Task.isCancelled { callOff(id) }
            }
        } onCancel: {
            callOff(id)
        }
    }

    /// How many are being waited for.
    var openCount: Int { waits.withLock { $0.open.count } }

    private func callOff(_ id: UInt64) {
        let wait = waits.withLock { $0.open.removeValue(forKey: id) }
        wait?.continuation.resume(throwing: CancellationError())
    }

    /// Within the lock, so that the timer is set to what ``Waits/armed`` says.
    private func arm(_ waits: inout Waits, for end: ContinuousClock.Instant) {
        waits.armed = end
        let left = min(max(ContinuousClock.now.duration(to: end), .zero), Self.longest)
        let nanoseconds = Int(left / .nanoseconds(1))
        waits.timer.schedule(deadline: .now() + .nanoseconds(nanoseconds), leeway: .nanoseconds(0))
    }

    /// Ends what is due.
    ///
    /// The timer may have been set for a wait that was called off: then it is set to the next one.
    private func wentOff() {
        let due = waits.withLock { waits in
            let now = ContinuousClock.now
            let due = waits.open.filter { $0.value.end <= now }
            for id in due.keys { waits.open[id] = nil }
            waits.armed = nil
            if let next = waits.open.values.map(\.end).min() { arm(&waits, for: next) }
            return due
        }
        for wait in due.values { wait.continuation.resume() }
    }
}
