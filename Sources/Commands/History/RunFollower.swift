import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// Waits for the end of a run or a backfill, with a line of progress where somebody watches.
struct RunFollower {
    let history: any RunHistory
    /// From the call on; nil for as long as it takes.
    let limit: Duration?
    /// The whole time that the user has set, where a part of it has passed before the call.
    let asked: Duration?
    private let environment = CommandEnvironment.current

    init(_ opened: OpenedHistory, limit: Duration?, asked: Duration? = nil) {
        history = opened.history
        self.limit = limit
        self.asked = asked ?? limit
    }

    /// How long the history may be out of reach while a command waits: a server that restarts is no reason to give up.
    private static let outage = Duration.seconds(30)

    /// The run once it has ended.
    ///
    /// Throws `CommandFailure` with the exit code for a time-out when it does not in time.
    func end(of dag: DAGID, _ runID: String) async throws -> RunDetail {
        try await waiting(for: "run \"\(runID)\" of DAG \"\(dag)\"") {
            guard let detail = try await history.run(dag: dag, runID: runID) else {
                throw CommandFailure("run \"\(runID)\" of DAG \"\(dag)\" is gone from the history")
            }
            return (Self.progress(of: detail), detail.run.state.isFinished ? detail : nil)
        }
    }

    /// The backfill once it and its runs have ended.
    func end(of id: BackfillID) async throws -> BackfillRecord {
        var progress = BackfillProgress()
        return try await waiting(for: "backfill \(id)") {
            guard let backfill = try await history.backfill(id) else {
                throw CommandFailure("backfill \(id) is gone from the history")
            }
            guard backfill.endedAt == nil else { return ("", backfill) }
            let active = try await history.runs(
                RunQuery(dag: backfill.dag, limit: RunQuery.maximumLimit, states: [.queued, .running], backfill: id))
            let line = progress.line(backfill, active: active.runs.count, now: environment.now())
            return ("backfill \(id) \(line)", nil)
        }
    }

    private func waiting<End>(
        for what: String, _ look: () async throws -> (progress: String, end: End?)
    ) async throws -> End {
        let clock = ContinuousClock()
        let start = clock.now
        let progress = ProgressLine(environment.console)
        environment.console.announcesInterrupts()
        var lastSeen = start
        while true {
            do {
                let (line, end) = try await look()
                lastSeen = clock.now
                if let end {
                    try progress.clear()
                    return end
                }
                try progress.show("\(line), \((lastSeen - start).wholeSeconds.humanText(units: 2))")
            } catch {
                let isOurs = error is CommandFailure || error is BrokenPipe || error is CancellationError
                if isOurs || clock.now - lastSeen > Self.outage { throw error }
            }
            if let limit, clock.now - start >= limit {
                try progress.clear()
                throw CommandFailure(
                    "\(what) has not ended within \((asked ?? limit).humanText())",
                    nextStep: "It goes on: nothing was stopped.", exitCode: ExitStatus.timedOut)
            }
            try await Task.sleep(for: environment.pace)
        }
    }

    /// `3 of 5 tasks done, load running (try 2)`.
    static func progress(of detail: RunDetail) -> String {
        let done = detail.tasks.count { $0.state.isFinished }
        let running = detail.tasks.filter { $0.state == .running }.map { task in
            task.tryNumber > 1 ? "\(task.instance.task) (try \(task.tryNumber))" : task.instance.task.rawValue
        }
        let waiting = detail.tasks.filter { $0.state == .upForRetry }.map { "\($0.instance.task) waits for its retry" }
        var line = "run \(detail.run.runID) \(detail.run.state.rawValue), \(done) of \(detail.tasks.count) tasks done"
        if !running.isEmpty { line += ", running: \(running.prefix(4).joined(separator: ", "))" }
        if running.count > 4 { line += " …" }
        if let first = waiting.first { line += ", \(first)" }
        return line
    }
}

extension Duration {
    /// Without the fraction of a second.
    var wholeSeconds: Duration { .seconds(components.seconds) }
}
