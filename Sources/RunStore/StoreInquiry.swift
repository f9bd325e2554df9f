package import CivilTime
package import DAGModel
package import Execution
import SchedulerCore

/// Answers what tasks ask about other runs from the history, and asks for runs by commands.
package struct StoreInquiry: RunInquiry {
    private let store: any RunStore & RunHistory & CommandQueue

    package init(_ store: any RunStore & RunHistory & CommandQueue) { self.store = store }

    package func standing(of dag: DAGID, logicalDate: Timestamp) async throws -> RunStanding? {
        try await store.findRuns(dag: dag, dates: [logicalDate]).first.map(Self.standing)
    }

    package func standing(of dag: DAGID, runID: String) async throws -> RunStanding? {
        try await store.findRun(dag: dag, runID: runID).map(Self.standing)
    }

    package func tasks(of dag: DAGID) async throws -> Set<TaskID>? {
        try await store.dag(dag).map { Set($0.definition.tasks.map(\.id)) }
    }

    package func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventFacts] {
        try await store.assetEvents(query).map { event in
            AssetEventFacts(
                asset: event.asset, at: event.at, sourceDAG: event.sourceDAG, sourceTask: event.source.task,
                sourceMapIndex: event.source.mapIndex, interval: event.interval, extra: event.extra)
        }
    }

    package func request(_ request: RunRequest, key: String) async throws -> RunAnswer {
        let id = try await store.submit(
            .trigger(dag: request.dag, runID: request.runID, logicalDate: request.logicalDate, conf: request.conf),
            actor: request.actor, idempotencyKey: key)
        switch try await store.waitForOutcome(of: id, timeout: .seconds(5)) {
        case .run(_, let runID, _)?: return .made(runID: runID)
        case .refused(let reason)?: return .refused(reason)
        case .backfill?, .done?, .changed?, nil: return .waiting
        }
    }

    private static func standing(_ stored: StoredRun) -> RunStanding {
        let rows = Dictionary(grouping: stored.tasks.filter { $0.state != .removed }, by: \.instance.task)
        return RunStanding(
            runID: stored.run.runID, state: stored.run.state,
            tasks: rows.mapValues { rows in
                let states = rows.map(\.state)
                return [.failed, .upstreamFailed].first(where: states.contains)
                    ?? states.first { !$0.isFinished } ?? (states.contains(.success) ? .success : .skipped)
            })
    }
}
