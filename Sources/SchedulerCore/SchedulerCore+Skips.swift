import CivilTime
import DAGModel

// What a task decides about the tasks below it: branches, short circuits, "only the latest".

extension SchedulerCore {
    /// Skips tasks below a successful one that have not started.
    ///
    /// Their own downstream tasks are told by ``spreadCutOff(in:)``, once those of the successful one have been.
    mutating func cutOff(_ skips: DownstreamSkip, below spec: Int, in run: inout RunEntry) {
        let graph = run.graph
        let targets: [Int]
        switch skips {
        case .direct:
            targets = graph.downstream[spec]
        case .everything:
            targets = graph.reachable(from: [spec], along: graph.downstream)
        case .allBut(let followed):
            let heads = followed.compactMap { graph.index[$0] }
            let kept = Set(heads + graph.reachable(from: heads, along: graph.downstream))
            targets = graph.downstream[spec].filter { !kept.contains($0) }
        }
        let reason = "\"\(graph.dag.tasks[spec].id)\" did not choose it"
        for target in targets where !graph.isTeardown(target) {
            for number in run.isHead(target) ? run.tasks[target].instances ?? [] : [target]
            where run.tasks[number].state == .none || run.tasks[number].state == .queued {
                settle(number, in: &run, as: .skipped, reason: reason)
                cutOffTasks.append(number)
            }
        }
    }

    mutating func spreadCutOff(in run: inout RunEntry) {
        while let number = cutOffTasks.popLast() { spread(from: number, in: &run) }
    }
}

extension DAGGraph {
    /// Every task that can be reached over one edge or more, without the starts themselves.
    func reachable(from starts: [Int], along edges: [[Int]]) -> [Int] {
        var seen = Set(starts)
        var pending = starts
        var found: [Int] = []
        while let next = pending.popLast() {
            for neighbour in edges[next] where seen.insert(neighbour).inserted {
                found.append(neighbour)
                pending.append(neighbour)
            }
        }
        return found
    }
}
