import CivilTime
import DAGModel
package import RunStore
import SchedulerCore

/// What a worker is doing, as it happens.
package enum WorkerStatus: Sendable {
    /// It takes tries, under this number.
    case serving(WorkerID)
    case took(ClaimedAttempt)
    /// A try's end was reported.
    case ended(ClaimedAttempt, state: String, reason: String?)
    case draining(running: Int)
    /// What still runs is being stopped.
    case stopping(running: Int)
    /// It was cut off for too long: all it had was stopped and is tried again by others.
    case lost(tries: Int)
    case waitingForDatabase(problem: String)
    /// Tries that were cancelled in time did not end: the program ends with them.
    case unheeded(tries: Int)
    case stopped

    /// The line that tells a person of it, without a line break.
    package func line(of settings: WorkerSettings) -> String {
        switch self {
        case .serving:
            "worker  \(settings.name) serves \(settings.queues.joined(separator: ", ")), \(settings.concurrency) at once"
        case .took(let claim):
            "\(Self.name(claim))  begins, try \(claim.start.tryNumber)  \(claim.run.runID)"
        case .ended(let claim, let state, let reason):
            "\(Self.name(claim))  \(state), try \(claim.start.tryNumber)  \(claim.run.runID)"
                + (reason.map { ": \($0.split(separator: "\n").first ?? "")" } ?? "")
        case .draining(let running):
            "worker  drains: \(running) running, none taken any more; a second signal stops them"
        case .stopping(let running): "worker  stops \(running) running"
        case .lost(let tries):
            "worker  was cut off for too long: \(tries) tries are stopped, and tried again by others"
        case .waitingForDatabase(let problem):
            "worker  waits for the database: \(problem.replacing("\n", with: " "))"
        case .unheeded(let tries): "worker  ends: \(tries) tries did not heed their cancellation"
        case .stopped: "worker  stopped"
        }
    }

    private static func name(_ claim: ClaimedAttempt) -> String {
        let instance = claim.start.instance
        return "\(claim.run.dag).\(instance.task)" + (instance.mapIndex < 0 ? "" : "[\(instance.mapIndex)]")
    }
}
