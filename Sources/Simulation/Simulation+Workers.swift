import DAGModel
import RunStore
import SchedulerCore
import SeededRandom

/// Tries that workers carry out: they go on while leaders change, and what they report waits for whoever leads.
extension Simulation {
    /// A try that is handed over, until its end is durable.
    struct WorkerTry {
        let start: AttemptStart
        /// When it ends by itself, since the simulation's start; then its report waits in the store.
        var endsAt: Duration
        var report: SchedulerEvent
        /// The leader that has seen the report.
        var reportedTo: Int64?
    }

    /// What a commit has handed over can be taken at once, whether or not its leader lives on.
    mutating func handOver(_ changes: [Change]) throws {
        for case .startAttempt(let start) in changes where start.queue != nil {
            let running = leader.executions.map(\.start) + (stale?.executions ?? []).map(\.start)
            let others = workerTries.filter { $0.endsAt > elapsed }.map(\.start)
            guard !(running + others).contains(where: { $0.instance == start.instance }) else {
                throw violation("\(start.instance) runs twice at once, with a worker")
            }
            counts[.handedOver] += 1
            countStart(start)
            let duration = Duration.seconds(Int64.random(in: 0...900, using: &generator))
            workerTries.append(
                WorkerTry(start: start, endsAt: elapsed + duration, report: .attemptEnded(outcome(of: start))))
        }
    }

    /// Hands the leader what has ended and it has not seen.
    mutating func collectFromWorkers() {
        let live = tables.liveAttempts
        workerTries.removeAll { live[$0.start.attempt] == nil }
        for index in workerTries.indices
        where workerTries[index].endsAt <= elapsed && workerTries[index].reportedTo != leader.epoch {
            if workerTries[index].reportedTo != nil { counts[.reportsKept] += 1 }
            workerTries[index].reportedTo = leader.epoch
            leader.reports.append(workerTries[index].report)
        }
    }

    /// The worker of a try is told to stop it; false when no worker has it.
    mutating func stopAtWorker(_ attempt: AttemptID, _ report: SchedulerEvent) -> Bool {
        guard let index = workerTries.firstIndex(where: { $0.start.attempt == attempt }) else { return false }
        // One that has ended has ended.
        if workerTries[index].endsAt > elapsed {
            workerTries[index].endsAt = elapsed
            workerTries[index].report = report
        }
        return true
    }

    /// A worker dies with one of its tries.
    mutating func killWorker() {
        let running = workerTries.indices.filter { workerTries[$0].endsAt > elapsed }
        guard let index = running.randomElement(using: &generator) else { return }
        counts[.workersLost] += 1
        trace?.add(now, "the worker of \(workerTries[index].start.instance) dies")
        workerTries[index].endsAt = elapsed
        workerTries[index].report = .attemptLost(workerTries[index].start.attempt, reason: "its worker died")
    }
}
