package import CivilTime
package import DAGModel
package import SchedulerCore

extension InMemoryRunStore {
    package func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord] {
        tables.expiredRuns(rule, limit: limit)
    }

    package func notes(of run: RunKey) async throws -> [Note] {
        (notes[run] ?? []).sorted { ($0.task?.rawValue ?? "", $0.mapIndex) < ($1.task?.rawValue ?? "", $1.mapIndex) }
    }

    package func sourceText(of dag: DAGID, version: DAGVersionID) async throws -> String? {
        texts[dag]?[version]
    }

    package func poolUse(_ name: String) async throws -> PoolUse? {
        guard let slots = pools[name] else { return nil }
        let holders = tables.liveAttempts.values.filter { $0.pool == name }.compactMap { start in
            tables.runs[start.instance.run].map { run in
                PoolHolder(
                    dag: run.dag, runID: run.runID, task: start.instance.task, mapIndex: start.instance.mapIndex,
                    slots: start.poolSlots, since: start.startedAt)
            }
        }
        return PoolUse(name: name, slots: slots, holders: holders, description: poolDescriptions[name])
    }

    package func poolUses() async throws -> [PoolUse] {
        var uses: [PoolUse] = []
        for name in pools.keys.sorted() {
            if let use = try await poolUse(name) { uses.append(use) }
        }
        return uses
    }

    package func runs(of dag: DAGID, at dates: [Timestamp]) async throws -> [RunRecord] {
        tables.findRuns(dag: dag, dates: dates.sorted()).map(\.run)
    }
}

extension MemoryTables {
    /// The runs that a retention rule lets go, in the order they were made.
    package func expiredRuns(_ rule: RetentionRule, limit: Int) -> [RunRecord] {
        var found: [RunRecord] = []
        for own in Dictionary(grouping: runs.values, by: \.dag).values {
            var outcomes: Set<RunState> = []
            for (place, run) in own.sorted(by: { ($0.runAfter, $0.key) > ($1.runAfter, $1.key) }).enumerated() {
                guard run.state.isFinished, !outcomes.insert(run.state).inserted else { continue }
                let isOld = rule.endedBefore.map { date in run.endDate.map { $0 < date } ?? false } ?? false
                let isSurplus = rule.keptRuns.map { place >= $0 } ?? false
                if isOld || isSurplus { found.append(run) }
            }
        }
        return Array(found.sorted { $0.key < $1.key }.prefix(limit))
    }
}
