import CivilTime
import DAGModel
import Timetables

extension SchedulerCore {
    mutating func takeDocuments(_ loaded: [DAGRecord], removed: [DAGID]) {
        for record in loaded {
            let id = record.dag.id
            if var entry = dags[id] {
                let isNew = entry.version != record.version || !entry.isActive
                if isNew { decision.changes.append(.updateDAG(record)) }
                guard isNew || entry.graph == nil else { continue }
                entry.graph = DAGGraph(record.dag, version: record.version)
                entry.version = record.version
                entry.file = record.dag.place.file
                entry.isActive = true
                entry.wakeAt = nil
                dags[id] = entry
            } else {
                let isPaused =
                    configuration.heldDAGs.contains(id)
                    || (record.dag.isPausedUponCreation ?? configuration.pausesNewDAGs)
                dags[id] = DAGEntry(
                    id: id, graph: DAGGraph(record.dag, version: record.version), version: record.version,
                    file: record.dag.place.file, isPaused: isPaused, isActive: true, firstSeen: now)
                decision.changes.append(.insertDAG(record, paused: isPaused))
            }
        }
        for id in removed where dags[id]?.isActive == true {
            dags[id]?.isActive = false
            dags[id]?.graph = nil
            dags[id]?.wakeAt = nil
            decision.changes.append(.removeDAG(id))
        }
        collectAssetConsumers()
        for record in loaded { resumeWaiting(record.dag.id) }
    }

    mutating func takePausedFlags(_ flags: [DAGID: Bool]) {
        for (id, isPaused) in flags.sorted(by: { $0.key < $1.key }) {
            guard let entry = dags[id], entry.isPaused != isPaused else { continue }
            dags[id]?.isPaused = isPaused
            if !isPaused { dags[id]?.failuresInARow = 0 }
            resumeWaiting(id)
        }
    }

    private mutating func collectAssetConsumers() {
        consumersOfAsset = [:]
        for (id, entry) in dags {
            guard let condition = entry.graph?.dag.timetable.assetCondition else { continue }
            for asset in condition.assets { consumersOfAsset[asset, default: []].insert(id) }
        }
    }
}
