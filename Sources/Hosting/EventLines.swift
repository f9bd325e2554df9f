import CivilTime
import DAGModel
package import RunStore
package import Scheduler
package import SchedulerCore
import Synchronization

/// Says on the terminal what the scheduler commits: a line for each run that ends, each failed try, each command.
package final class EventLines: SchedulerObserver {
    private struct Known: Sendable {
        var dag: DAGID
        var runID: String
        var type: RunType
        var start: Timestamp?
    }

    private struct State {
        var runs: [RunKey: Known] = [:]
        var status: SchedulerStatus?
        var problems: Set<Diagnostic> = []
    }

    private let terminal: Terminal
    private let state = Mutex(State())

    package init(terminal: Terminal) { self.terminal = terminal }

    package func committed(_ changes: [Change]) {
        for change in changes { say(change) }
    }

    private func say(_ change: Change) {
        switch change {
        case .insertDAG(let record, let paused):
            terminal.event("\(record.dag.id)  new\(paused ? ", paused" : "")", tone: .quiet)
        case .updateDAG(let record):
            terminal.event("\(record.dag.id)  document changed", tone: .quiet)
        case .removeDAG(let id):
            terminal.event("\(id)  document gone", tone: .warning)
        case .pauseDAG(let id, let reason):
            terminal.event("\(id)  paused: \(reason)", tone: .warning)
        case .insertRun(let run), .updateRun(let run):
            say(run)
        case .setTask(let task, _):
            say(task)
        case .setNotification(let notice) where notice.deadline != nil && notice.deliveries == 0:
            terminal.event("\(notice.dag)  deadline missed  \(notice.runID)", tone: .warning)
        case .setNotification(let notice) where notice.state == .failed:
            terminal.event(
                "\(notice.dag)  \(notice.callback.notifier) notification given up: \(notice.lastError ?? "")",
                tone: .warning)
        case .setBackfill(let backfill) where backfill.endedAt != nil:
            terminal.event(
                "\(backfill.dag)  backfill \(backfill.state.rawValue): \(backfill.created) runs, \(backfill.skipped) left alone",
                tone: .good)
        case .finishCommand(_, .refused(let reason)):
            terminal.event("command refused: \(reason)", tone: .warning)
        default:
            break
        }
    }

    private func say(_ run: RunRecord) {
        guard run.state.isFinished else {
            state.withLock {
                $0.runs[run.key] = Known(dag: run.dag, runID: run.runID, type: run.type, start: run.startDate)
            }
            return
        }
        state.withLock { $0.runs[run.key] = nil }
        // A backfill's runs are told by its progress; only what fails is worth a line of its own.
        if run.type == .backfill && run.state == .success { return }
        var took = ""
        if let start = run.startDate, let end = run.endDate { took = "  " + Self.seconds(end - start) }
        let reason = run.reason.map { "  (\($0))" } ?? ""
        terminal.event(
            "\(run.dag)  \(run.state.rawValue)  \(run.runID)\(took)\(reason)",
            tone: run.state == .success ? .good : .bad)
    }

    private func say(_ task: TaskInstanceRecord) {
        guard let run = state.withLock({ $0.runs[task.instance.run] }) else { return }
        let name = "\(run.dag).\(task.instance.task)"
        let reason = task.reason.map { ": \($0.split(separator: "\n").first ?? "")" } ?? ""
        switch task.state {
        case .failed:
            terminal.event("\(name)  failed, try \(task.tryNumber)  \(run.runID)\(reason)", tone: .bad)
        case .upForRetry:
            let at = task.retryAt.map { " at \($0.iso8601)" } ?? ""
            terminal.event("\(name)  try \(task.tryNumber) failed, again\(at)  \(run.runID)\(reason)", tone: .warning)
        case .skipped:
            terminal.event("\(name)  skipped  \(run.runID)\(reason)", tone: .quiet)
        default:
            break
        }
    }

    package func changed(_ status: SchedulerStatus) {
        let isNew = state.withLock { state in
            defer { state.status = status }
            return state.status != status
        }
        guard isNew else { return }
        switch status {
        case .standingBy(let lease):
            let who = lease.map { "\($0.holder.host), process \($0.holder.pid)" } ?? "another scheduler"
            terminal.event("scheduler  standing by: \(who) leads", tone: .warning)
        case .recovering(let epoch):
            terminal.event("scheduler  taking over as epoch \(epoch)", tone: .quiet)
        case .leading(let epoch, let dags):
            terminal.event("scheduler  leading in epoch \(epoch) with \(dags) \(dags == 1 ? "DAG" : "DAGs")")
        case .waitingForDatabase(let problem):
            terminal.event("scheduler  waits for the database: \(problem)", tone: .bad)
        case .stopped:
            terminal.event("scheduler  stopped", tone: .quiet)
        }
    }

    package func found(_ problems: [ImportErrorRecord]) {
        let all = problems.flatMap(\.diagnostics)
        let new = state.withLock { state in
            defer { state.problems = Set(all) }
            return all.filter { !state.problems.contains($0) }
        }
        for problem in new { terminal.event("\(problem)", tone: problem.severity == .error ? .bad : .warning) }
    }

    package func closed(_ pools: [String]) {
        for pool in pools {
            let name = "\"\(pool)\""
            terminal.event("pool \(name)  missing or without slots: its tasks wait", tone: .warning)
        }
    }

    static func seconds(_ duration: Duration) -> String {
        let parts = duration.components
        let tenths = parts.seconds * 10 + parts.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
