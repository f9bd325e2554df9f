import DAGModel
import RunStore
import Scheduler
import SchedulerCore
import Synchronization

/// Documents that are made by the benchmark instead of being read; more may be added while the scheduler runs.
final class PreparedDocuments: DocumentSource {
    private struct State {
        var records: [DAGRecord]
        var reported = 0
    }

    private let state: Mutex<State>

    init(_ records: [DAGRecord]) { state = Mutex(State(records: records)) }

    /// Seen at the scheduler's next look.
    func add(_ records: [DAGRecord]) { state.withLock { $0.records += records } }

    func scan(afresh: Bool) async throws -> DocumentChanges {
        state.withLock { state in
            let first = afresh ? 0 : state.reported
            state.reported = state.records.count
            return DocumentChanges(
                loaded: Array(state.records[first...]), present: Set(state.records.map(\.dag.id)),
                problems: afresh ? [] : nil, brokenFiles: [])
        }
    }
}
