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
            targets = DAGGraph.reachable(from: [spec], along: graph.downstream)
        case .allBut(let followed):
            let heads = followed.compactMap { graph.index[$0] }
            let kept = Set(heads + DAGGraph.reachable(from: heads, along: graph.downstream))
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
