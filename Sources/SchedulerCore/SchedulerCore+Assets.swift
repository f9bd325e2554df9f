import CivilTime
import DAGModel
import Timetables

extension SchedulerCore {
    /// Writes the event of a changed asset and queues it for every DAG that the asset starts.
    mutating func assetChanged(_ change: AssetChange, by source: TaskInstanceKey, of dag: DAGID) {
        let event = AssetEventRecord(
            id: nextNumber(), asset: change.asset, sourceDAG: dag, source: source, at: now,
            interval: change.interval, extra: change.extra)
        decision.changes.append(.insertAssetEvent(event))
        for consumer in consumersOfAsset[change.asset, default: []].sorted() {
            dags[consumer]?.queuedEvents.append(event)
            decision.changes.append(.queueAssetEvent(dag: consumer, event: event.id))
            followUps.append(.dag(consumer))
        }
    }

    /// Makes the run of an asset-scheduled DAG if its condition holds and it has a place.
    ///
    /// The run takes every event queued so far (Airflow's rule); later ones wait for the next run.
    mutating func startRunForAssets(_ id: DAGID) {
        guard let entry = dags[id], entry.isLive, let graph = entry.graph,
            let condition = graph.dag.timetable.assetCondition, !entry.queuedEvents.isEmpty,
            entry.hasPlace(in: graph), condition.isSatisfied(by: Set(entry.queuedEvents.map(\.asset)))
        else { return }
        let intervals = entry.queuedEvents.compactMap(\.interval)
        let hull = intervals.map(\.start).min().flatMap { start in
            intervals.map(\.end).max().map { DataInterval(start: start, end: $0) }
        }
        let key = RunKey(rawValue: nextNumber())
        dags[id]?.queuedEvents = []
        makeRun(
            RunRecord(
                key: key, dag: id, runID: "\(RunType.assetTriggered.runID(at: now))_\(key)", type: .assetTriggered,
                state: .running, logicalDate: nil, interval: nil, runAfter: now, queuedAt: now, startDate: now,
                version: graph.version, events: hull, triggeredBy: "asset"),
            graph)
        decision.changes.append(.consumeAssetEvents(dag: id, events: entry.queuedEvents.map(\.id), run: key))
    }
}
