package import DAGModel
package import Execution
import Synchronization

/// Processes spawned since the last commit.
///
/// Executors report here from any thread; the leader takes them into its next batch.
package final class SpawnRecords: ProcessRecorder {
    private struct State {
        var records: [AttemptID: ProcessRecord] = [:]
        var notify: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    package func spawned(_ process: ProcessRecord, for attempt: AttemptID) {
        let notify = state.withLock { state in
            state.records[attempt] = process
            return state.records.count == 1 ? state.notify : nil
        }
        notify?()
    }

    /// Calls `notify` when a record arrives and none was waiting.
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

    var isEmpty: Bool { state.withLock { $0.records.isEmpty } }
}
