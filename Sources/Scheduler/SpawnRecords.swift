package import DAGModel
import Dispatch
package import Execution
import Synchronization

/// Processes spawned since the last commit.
///
/// Executors report here from any thread; the leader takes them into its next batch. A record alone is worth a batch only
/// when its process has lived for a while: the end of a short one would have to wait for that batch. Until then the
/// process is found by its environment.
package final class SpawnRecords: ProcessRecorder {
    private struct State {
        var records: [AttemptID: ProcessRecord] = [:]
        /// When the oldest of them came.
        var since = ContinuousClock.now
        var notify: (@Sendable () -> Void)?
        /// Whether a look at the oldest is to come: one serves all, for a timer costs more than a record.
        var isLookSet = false
    }

    private let state = Mutex(State())

    /// How long a record waits for a batch that is written anyway.
    private static let patience = Duration.milliseconds(20)

    package init() {}

    package func spawned(_ process: ProcessRecord, for attempt: AttemptID) {
        let mustLook = state.withLock { state in
            if state.records.isEmpty { state.since = .now }
            state.records[attempt] = process
            guard !state.isLookSet, state.notify != nil else { return false }
            state.isLookSet = true
            return true
        }
        if mustLook { look(after: Self.patience) }
    }

    private func look(after time: Duration) {
        let microseconds = Int(time / .microseconds(1)) + 1
        DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(microseconds)) { [self] in
            let (left, notify) = state.withLock { state -> (Duration?, (@Sendable () -> Void)?) in
                let left = Self.patience - state.since.duration(to: .now)
                if !state.records.isEmpty, left > .zero { return (left, nil) }
                state.isLookSet = false
                return (nil, state.records.isEmpty ? nil : state.notify)
            }
            if let left { look(after: left) }
            notify?()
        }
    }

    /// Calls `notify` when a record has waited long enough.
    func onRecord(_ notify: @escaping @Sendable () -> Void) {
        state.withLock { $0.notify = notify }
    }

    func take() -> [AttemptID: ProcessRecord] {
        state.withLock { state in
            let taken = state.records
            state.records = [:]
            return taken
        }
    }

    /// Whether a record is worth a batch of its own.
    var isDue: Bool {
        state.withLock { state in
            !state.records.isEmpty && state.since.duration(to: .now) >= Self.patience
        }
    }
}
