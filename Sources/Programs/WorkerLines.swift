import CivilTime
import DAGModel
import Hosting
import RunStore
import SchedulerCore
import Workers

/// Says on the terminal what a worker does: a line for each try it takes and ends.
struct WorkerLines: WorkerObserver {
    let terminal: Terminal
    let settings: WorkerSettings

    func changed(_ status: WorkerStatus) {
        switch status {
        case .serving:
            terminal.event(
                "worker  \(settings.name) serves \(settings.queues.joined(separator: ", ")), "
                    + "\(settings.concurrency) at once")
        case .took(let claim):
            terminal.event("\(name(claim))  begins, try \(claim.start.tryNumber)  \(claim.run.runID)", tone: .quiet)
        case .ended(let claim, let state, let reason):
            let why = reason.map { ": \($0.split(separator: "\n").first ?? "")" } ?? ""
            terminal.event(
                "\(name(claim))  \(state), try \(claim.start.tryNumber)  \(claim.run.runID)\(why)",
                tone: state == "success" ? .good : state == "failed" || state == "lost" ? .bad : .quiet)
        case .draining(let running):
            terminal.event(
                "worker  drains: \(running) running, none taken any more; again to stop them", tone: .warning)
        case .stopping(let running): terminal.event("worker  stops \(running) running", tone: .warning)
        case .lost(let tries):
            terminal.event(
                "worker  was cut off for too long: \(tries) tries are stopped, and tried again by others", tone: .bad)
        case .waitingForDatabase(let problem):
            terminal.event("worker  waits for the database: \(problem)", tone: .bad)
        case .unheeded(let tries):
            terminal.event("worker  ends: \(tries) tries did not heed their cancellation", tone: .bad)
        case .stopped: terminal.event("worker  stopped", tone: .quiet)
        }
    }

    private func name(_ claim: ClaimedAttempt) -> String {
        let instance = claim.start.instance
        return "\(claim.run.dag).\(instance.task)" + (instance.mapIndex < 0 ? "" : "[\(instance.mapIndex)]")
    }
}
