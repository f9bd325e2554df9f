package import DAGModel
package import SchedulerCore

/// What the first fill needs of the scheduler and the store; the program that owns them provides it.
package protocol FillControl: Sendable {
    /// Queues a command for the leader. A key that was used before gives the first command's identity again.
    func submit(_ command: Command, key: String) async throws -> Int64
    /// What became of a command; nil while no leader has taken it.
    func outcome(of command: Int64) async throws -> CommandOutcome?
    /// The state of a run; nil when there is none (any more).
    func runState(_ dag: DAGID, runID: String) async throws -> RunState?
    /// How a backfill stands; nil when there is none (any more).
    func progress(of backfill: BackfillID) async throws -> BackfillProgress?
    /// Pauses or unpauses a DAG.
    func setPaused(_ dag: DAGID, _ isPaused: Bool) async throws
    /// Runs of a DAG that are queued or running.
    func activeRuns(of dag: DAGID) async throws -> Int
    /// What Silver and Gold have not taken up yet (``MarketQueries/refinementDue()``).
    func refinementDue() async throws -> RefinementDue
}

/// How far a backfill has come.
package struct BackfillProgress: Sendable, Hashable {
    package var state: BackfillState
    /// Logical dates in its range.
    package var total: Int
    /// Those that need nothing more: their runs have ended, or had been there before.
    package var finished: Int
    /// Runs among them that failed.
    package var failed: Int

    package init(state: BackfillState, total: Int, finished: Int, failed: Int) {
        self.state = state
        self.total = total
        self.finished = finished
        self.failed = failed
    }
}

/// What waits to be refined.
package struct RefinementDue: Sendable, Hashable {
    /// Replies in Bronze that Silver has not read.
    package var replies: Int
    /// Markets whose candles changed since Gold was computed.
    package var markets: Int

    package init(replies: Int, markets: Int) {
        self.replies = replies
        self.markets = markets
    }

    /// Whether Silver and Gold have caught up with Bronze.
    package var isNothing: Bool { replies == 0 && markets == 0 }
}

/// Where the first fill stands, for the terminal.
package struct FirstFillProgress: Sendable, Hashable {
    /// The steps in order.
    package enum Step: String, Sendable, CaseIterable {
        case history, backfill, refinement, tickers
    }

    package let step: Step
    /// Of the step's parts (one run, hours of the backfill), how many are done.
    package let done: Int
    package let total: Int
    /// The shortest time that the rest of all steps takes at an exchange with Upbit's limit.
    package let shortestRest: Duration
    /// The step in words, such as `336 hours, one by one`.
    package let summary: String
}

/// How the first fill ended.
package struct FirstFillReport: Sendable, Hashable {
    /// What could not be fetched or refined, each with what to do about it; empty when all is there.
    package let problems: [String]
}
