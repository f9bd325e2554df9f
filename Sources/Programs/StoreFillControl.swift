import DAGModel
import PostgresClient
import RunStore
import SchedulerCore
import Warehouse

/// Lets the first fill ask for what it needs, as any user would.
struct StoreFillControl: FillControl {
    let store: PostgresRunStore
    let markets: MarketQueries

    func submit(_ command: Command, key: String) async throws -> Int64 {
        try await patiently { try await store.submit(command, actor: "first fill", idempotencyKey: key) }
    }

    func outcome(of command: Int64) async throws -> CommandOutcome? {
        try await patiently { try await store.outcome(of: command) }
    }

    func runState(_ dag: DAGID, runID: String) async throws -> RunState? {
        try await patiently { try await store.findRun(dag: dag, runID: runID)?.run.state }
    }

    func progress(of backfill: BackfillID) async throws -> BackfillProgress? {
        try await patiently {
            guard let record = try await store.backfill(backfill) else { return nil }
            let active = try await store.runs(
                RunQuery(dag: record.dag, limit: 1_000, states: [.queued, .running], backfill: backfill)
            ).runs.count
            let failed = try await store.runs(
                RunQuery(dag: record.dag, limit: 1_000, states: [.failed], backfill: backfill)
            ).runs.count
            return BackfillProgress(
                state: record.state, total: record.total, finished: record.created + record.skipped - active,
                failed: failed)
        }
    }

    func setPaused(_ dag: DAGID, _ isPaused: Bool) async throws {
        _ = try await patiently { try await store.setPaused(dag, isPaused, actor: "first fill") }
    }

    func activeRuns(of dag: DAGID) async throws -> Int {
        try await patiently {
            try await store.runs(RunQuery(dag: dag, limit: 1_000, states: [.queued, .running])).runs.count
        }
    }

    func refinementDue() async throws -> RefinementDue {
        try await patiently { try await markets.refinementDue() }
    }

    /// The database may be away for a moment; the first fill goes on when it is back.
    private func patiently<Value>(_ ask: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await ask()
            } catch let error where store.isTransient(error) {
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
