import Hosting
import Workers

/// Says on the terminal what a worker does: a line for each try it takes and ends.
struct WorkerLines: WorkerObserver {
    let terminal: Terminal
    let settings: WorkerSettings

    func changed(_ status: WorkerStatus) {
        let line = status.line(of: settings)
        switch status {
        case .serving: terminal.event(line)
        case .took, .stopped: terminal.event(line, tone: .quiet)
        case .ended(_, let state, _):
            terminal.event(
                line, tone: state == "success" ? .good : state == "failed" || state == "lost" ? .bad : .quiet)
        case .draining, .stopping: terminal.event(line, tone: .warning)
        case .lost, .waitingForDatabase, .unheeded: terminal.event(line, tone: .bad)
        }
    }
}
