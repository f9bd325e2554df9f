import DAGModel
import Dispatch
import Lab
import Scheduler
import SchedulerCore
import Synchronization

/// Sees every commit of a scheduler and says when enough has been committed.
///
/// The instant it answers with is that of the commit, not of the waiter's waking.
final class CommitWatch: SchedulerObserver {
    /// What is counted.
    enum Subject: Hashable, Sendable {
        case endedRuns(DAGID)
        case knownDAGs
        case endedBackfills(DAGID)
        case leading
        /// Runs that did not succeed: a benchmark of them would be worth nothing.
        case failedRuns
    }

    private struct Waiter {
        let number: Int
        let subject: Subject
        let target: Int
        let continuation: CheckedContinuation<UInt64, any Error>
    }

    private struct State {
        var counts: [Subject: Int] = [:]
        var waiters: [Waiter] = []
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    func committed(_ changes: [Change]) {
        let now = MonotonicClock.nanoseconds
        let reached = state.withLock { state in
            var changed = false
            for change in changes {
                switch change {
                case .updateRun(let run) where run.state.isFinished:
                    state.counts[.endedRuns(run.dag), default: 0] += 1
                    if run.state != .success { state.counts[.failedRuns, default: 0] += 1 }
                case .insertDAG: state.counts[.knownDAGs, default: 0] += 1
                case .setBackfill(let record) where record.endedAt != nil:
                    state.counts[.endedBackfills(record.dag), default: 0] += 1
                default: continue
                }
                changed = true
            }
            return changed ? Self.reached(&state) : []
        }
        for waiter in reached { waiter.continuation.resume(returning: now) }
    }

    func changed(_ status: SchedulerStatus) {
        guard case .leading = status else { return }
        let now = MonotonicClock.nanoseconds
        let reached = state.withLock { state in
            state.counts[.leading, default: 0] += 1
            return Self.reached(&state)
        }
        for waiter in reached { waiter.continuation.resume(returning: now) }
    }

    private static func reached(_ state: inout State) -> [Waiter] {
        let reached = state.waiters.filter { state.counts[$0.subject, default: 0] >= $0.target }
        if !reached.isEmpty { state.waiters.removeAll { state.counts[$0.subject, default: 0] >= $0.target } }
        return reached
    }

    func count(_ subject: Subject) -> Int { state.withLock { $0.counts[subject, default: 0] } }

    /// Waits until `target` of `subject` have been committed since the beginning; the monotonic instant of that commit.
    ///
    /// Throws ``LabFailure`` after two minutes: the whole benchmark has ten.
    func wait(for subject: Subject, _ target: Int) async throws -> UInt64 {
        try await withCheckedThrowingContinuation { continuation in
            let number: Int? = state.withLock { state in
                if state.counts[subject, default: 0] >= target { return nil }
                state.lastWaiter += 1
                state.waiters.append(
                    Waiter(number: state.lastWaiter, subject: subject, target: target, continuation: continuation))
                return state.lastWaiter
            }
            guard let number else { return continuation.resume(returning: MonotonicClock.nanoseconds) }
            DispatchQueue.global().asyncAfter(deadline: .now() + 120) { [weak self] in self?.giveUp(number) }
        }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index)
        }
        guard let waiter else { return }
        let count = count(waiter.subject)
        waiter.continuation.resume(
            throwing: LabFailure("waited two minutes for \(waiter.target) of \(waiter.subject), got \(count)"))
    }
}
