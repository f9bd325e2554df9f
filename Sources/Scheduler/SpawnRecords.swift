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
    }

    private let state = Mutex(State())

    /// How long a record waits for a batch that is written anyway.
    private static let patienceMilliseconds = 20

    package init() {}

    package func spawned(_ process: ProcessRecord, for attempt: AttemptID) {
        let notify = state.withLock { state in
            if state.records.isEmpty { state.since = .now }
            state.records[attempt] = process
            return state.records.count == 1 ? state.notify : nil
        }
        guard let notify else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Self.patienceMilliseconds)) { [self] in
            if isDue { notify() }
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
            !state.records.isEmpty && state.since.duration(to: .now) >= .milliseconds(Self.patienceMilliseconds)
        }
    }
}
