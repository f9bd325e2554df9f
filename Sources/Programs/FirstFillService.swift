import CivilTime
import DAGModel
import Hosting
import PrivateCluster
import RunStore
import ServiceLifecycle
import Synchronization
import Warehouse

/// Fills the warehouse at the first start, tells its progress on the terminal, and remembers that it is done.
struct FirstFillService: Service {
    let backend: Backend
    let home: CryptoflowHome
    let feed: HomeState.Feed
    let terminal: Terminal

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await fill()
            } catch is CancellationError {
                // Goes on at the next start.
            }
        }
    }

    private static let quality = DAGID("data_quality")
    /// DAGs that are paused until there is something to work on; the retraining then makes up for its last instant at once.
    static let afterwards: [DAGID] = [quality, DAGID("model_retraining"), DAGID("predict")]

    private func fill() async throws {
        var state = try HomeState.load(home)
        if state[feed].fillEnd == nil {
            let hour = Timestamp.now().seconds.flooredQuotient(3_600) * 3_600
            state[feed].fillEnd = Timestamp(seconds: hour)
            try state.save(home)
        }
        let plan = FirstFillPlan(present: state[feed].fillEnd ?? .now())
        if feed == .live {
            terminal.line(
                "first start: fetching history takes at least \(plan.shortestTime().humanText()) at Upbit's limit of requests",
                tone: .warning)
        }
        let lines = FillLines(terminal: terminal, isLive: feed == .live)
        let control = StoreFillControl(
            store: backend.store, markets: MarketQueries(session: backend.warehousePool, timeout: .seconds(10)))
        let report = try await FirstFill(plan: plan, control: control) { lines.say($0) }.run()
        for dag in Self.afterwards {
            // A clock that stands brings nothing new to check.
            if dag == Self.quality, state[feed].recordedNow != nil { continue }
            _ = try await backend.store.setPaused(dag, false, actor: "first fill")
        }
        state = try HomeState.load(home)
        state[feed].isFilled = true
        try state.save(home)
        for problem in report.problems { terminal.event("first fill  \(problem)", tone: .warning) }
        terminal.event("first fill  done: the pages are complete", tone: .good)
    }
}

/// A line for each step of the first fill and for every tenth of a long one.
final class FillLines: Sendable {
    private let terminal: Terminal
    private let isLive: Bool
    private let last = Mutex<(step: FirstFillProgress.Step, tenth: Int)?>(nil)

    init(terminal: Terminal, isLive: Bool) {
        self.terminal = terminal
        self.isLive = isLive
    }

    func say(_ progress: FirstFillProgress) {
        // A step of one part is told when it begins; the next step tells that it is done.
        if progress.total == 1 && progress.done == 1 { return }
        let tenth = progress.total > 0 ? progress.done * 10 / progress.total : 0
        let isNew = last.withLock { last in
            if let last, last.step == progress.step, last.tenth >= tenth { return false }
            last = (progress.step, tenth)
            return true
        }
        guard isNew else { return }
        let count = progress.total > 1 ? "  \(progress.done) of \(progress.total)" : ""
        let rest = isLive && progress.done < progress.total ? "  (about \(progress.shortestRest.humanText()) left)" : ""
        terminal.event("first fill  \(progress.summary)\(count)\(rest)", tone: .quiet)
    }
}
