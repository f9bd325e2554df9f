import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import SeededRandom

extension Simulation {
    mutating func command(_ command: Command) {
        trace?.add(now, "command \(command)")
        let pending = PendingCommand(id: Int64(commands.count + 1), command: command, actor: "simulation")
        commands.append(pending)
        leader.queue.ask(.command(pending))
    }

    mutating func togglePause() {
        guard let id = documents.randomElement(using: &generator)?.dag.id, let row = tables.dags[id] else { return }
        counts[.pauses] += 1
        _ = history.setPaused(id, !row.isPaused)
        trace?.add(now, "\(id) is \(row.isPaused ? "unpaused" : "paused")")
        leader.queue.take(.paused([id: !row.isPaused]), now: now)
    }

    /// The pool is made smaller or larger, closed or taken away: what is decided before keeps to the pool of before.
    mutating func changePools() throws {
        try settle()
        pools["small"] = generator.chance(20) ? nil : Int.random(in: 0...3, using: &generator)
        takePools()
        counts[.poolChanges] += 1
    }

    mutating func takePools() {
        trace?.add(now, "pools \(pools.sorted { $0.key < $1.key })")
        leader.queue.take(.pools(pools), now: now)
    }

    mutating func trigger() {
        guard let dag = documents.randomElement(using: &generator)?.dag.id else { return }
        let date = generator.chance(50) ? now - .seconds(Int64.random(in: 0...5, using: &generator) * 1_200) : nil
        let runAfter = generator.chance(30) ? now + .seconds(Int64.random(in: 0...3_600, using: &generator)) : nil
        if runAfter != nil { counts[.laterRuns] += 1 }
        command(.trigger(dag: dag, runID: nil, logicalDate: date, conf: .object([:]), runAfter: runAfter))
    }

    mutating func backfill() {
        guard let dag = documents.randomElement(using: &generator)?.dag.id else { return }
        let from = now - .seconds(Int64.random(in: 0...8, using: &generator) * 3_600)
        let reprocess = ReprocessBehavior.allCases.randomElement(using: &generator) ?? .none
        let isBackwards = generator.chance(30)
        counts[.backfills] += 1
        if isBackwards { counts[.backwards] += 1 }
        command(
            .backfill(
                dag: dag, from: from, to: from + .seconds(4 * 3_600), reprocess: reprocess,
                maxActive: Int.random(in: 1...3, using: &generator), conf: .object([:]), backwards: isBackwards))
    }

    mutating func changeBackfill() {
        let open = tables.backfills.values.filter { $0.endedAt == nil }.map(\.id).sorted()
        guard let id = open.randomElement(using: &generator) else { return }
        counts[.backfillChanges] += 1
        let states: [BackfillState] = [.paused, .running, .running, .cancelled]
        command(.setBackfillState(id, states.randomElement(using: &generator) ?? .running))
    }

    mutating func changeByHand() {
        let runs = tables.runs.values.sorted { $0.key < $1.key }
        guard let run = runs.randomElement(using: &generator), let dag = tables.versions[run.version],
            let task = dag.tasks.randomElement(using: &generator)
        else { return }
        let change: Command
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<50:
            counts[.clears] += 1
            change = .clear(
                ClearRequest(
                    dag: run.dag, runID: run.runID, tasks: generator.chance(30) ? [] : [task.id],
                    upstream: generator.chance(20), downstream: generator.chance(60), onlyFailed: generator.chance(30),
                    past: generator.chance(10), future: generator.chance(10), latest: generator.chance(20)))
        case 50..<75:
            if generator.chance(20) {
                counts[.runMarks] += 1
                change = .markRun(
                    dag: run.dag, runID: run.runID, state: generator.chance(60) ? .success : .failed, dryRun: false)
                break
            }
            counts[.marks] += 1
            change = .markTask(
                dag: run.dag, runID: run.runID, task: task.id, mapIndex: nil,
                state: generator.chance(70) ? .success : .failed, dryRun: false)
        case 75..<88:
            guard !run.state.isFinished else { return }
            counts[.cancels] += 1
            return command(.cancelRun(dag: run.dag, runID: run.runID))
        default:
            guard run.state.isFinished else { return }
            if generator.chance(30) {
                counts[.prunes] += 1
                let rule = RetentionRule(endedBefore: now - .seconds(3_600), keptRuns: 5)
                return command(.prune(rule, limit: 3))
            }
            counts[.deletes] += 1
            return command(.deleteRun(dag: run.dag, runID: run.runID))
        }
        command(change)
    }

    mutating func changeDocument() {
        guard let index = documents.indices.randomElement(using: &generator) else { return }
        counts[.changedDocuments] += 1
        var dag = documents[index].dag
        dag.maxActiveRuns = Int.random(in: 1...4, using: &generator)
        documents[index] = RandomDAGs.record(dag, text: counts[.changedDocuments])
        trace?.add(now, "\(dag.id) has another document")
        leader.queue.take(.documents(loaded: [documents[index]], removed: []), now: now)
    }

    mutating func removeDocument() {
        if let back = removed.popLast() {
            documents.append(back)
            trace?.add(now, "\(back.dag.id) is back")
            leader.queue.take(.documents(loaded: [back], removed: []), now: now)
        } else if documents.count > 1, let index = documents.indices.randomElement(using: &generator) {
            counts[.removedDocuments] += 1
            let gone = documents.remove(at: index)
            removed.append(gone)
            trace?.add(now, "\(gone.dag.id) is gone")
            leader.queue.take(.documents(loaded: [], removed: [gone.dag.id]), now: now)
        }
    }
}
