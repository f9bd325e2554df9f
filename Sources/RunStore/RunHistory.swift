package import CivilTime
package import DAGModel
package import Execution
package import SchedulerCore

/// The history as everyone reads it: the command line, the pages, the API.
///
/// Every question is bounded, and none waits for the leader.
package protocol RunHistory: Sendable {
    /// Every DAG the history knows, by id, each with its newest runs (at most `lastRuns`, newest first).
    func dags(lastRuns: Int) async throws -> [DAGSummary]

    /// One DAG with its present definition; nil when there is none.
    func dag(_ id: DAGID) async throws -> DAGDetail?

    /// Runs that match, newest first: by the instant from which they may run, then by age.
    func runs(_ query: RunQuery) async throws -> RunPage

    /// One run with its tasks and their tries; nil when there is none.
    func run(dag: DAGID, runID: String) async throws -> RunDetail?

    /// The newest runs of a DAG against its tasks; nil when there is no such DAG.
    func grid(dag: DAGID, limit: Int) async throws -> RunGrid?

    /// What a task instance left for others, by key; empty when it left nothing.
    func outputs(of instance: TaskInstanceKey) async throws -> [TaskOutput]

    /// The outputs of a mapped task's instances, by map index; instances without one are left out.
    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue]

    /// Backfills of a DAG (nil for all), newest first.
    func backfills(dag: DAGID?, limit: Int) async throws -> [BackfillRecord]

    /// One backfill; nil when there is none.
    func backfill(_ id: BackfillID) async throws -> BackfillRecord?

    /// How many runs of these backfills there are by state; one without runs is left out.
    func runStates(of backfills: [BackfillID]) async throws -> [BackfillID: [RunState: Int]]

    /// The ledger of due instants of a DAG, newest first.
    func dueInstants(dag: DAGID, limit: Int) async throws -> [DueRecord]

    /// Events of an asset that match, at most 1,000 of them.
    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventRecord]

    /// Documents that could not be loaded, or only with warnings, by file.
    func importErrors() async throws -> [ImportErrorRecord]

    /// Who leads and what waits for a leader.
    func schedulerHealth() async throws -> SchedulerHealth

    /// How many active runs there are by state (`queued`, `running`), and how many of the newest 20,000 runs ended in the last
    /// 24 hours, by outcome.
    func runCounts() async throws -> [RunState: Int]

    /// The runs of a DAG at these logical dates, by date.
    func runs(of dag: DAGID, at dates: [Timestamp]) async throws -> [RunRecord]

    /// The run with the latest logical date before `date`, whatever made it, with its tasks; nil for none.
    func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun?

    /// The runs that a retention rule lets go: see ``RunStore/expiredRuns(_:limit:)``.
    func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord]

    /// The notes on a run, its own first, then those on its tasks.
    func notes(of run: RunKey) async throws -> [Note]

    /// The text of a version of a DAG's document; nil when there is none.
    func sourceText(of dag: DAGID, version: DAGVersionID) async throws -> String?

    /// A pool and who holds its slots; nil when there is none.
    func poolUse(_ name: String) async throws -> PoolUse?

    /// Every pool, by name.
    func poolUses() async throws -> [PoolUse]

    /// Workers that are alive, and those that ended in the last day; newest first.
    func workers() async throws -> [WorkerSummary]

    /// At most `limit` bytes from `offset` on of a log that a worker has stored; nil when there is none of the try.
    func shippedLog(
        of instance: TaskInstanceKey, tryNumber: Int, from offset: Int64, limit: Int
    ) async throws -> TaskLogReader.Chunk?
}

extension RunHistory {
    package func workers() async throws -> [WorkerSummary] { [] }

    package func poolUses() async throws -> [PoolUse] { [] }

    package func runStates(of backfills: [BackfillID]) async throws -> [BackfillID: [RunState: Int]] { [:] }

    package func shippedLog(
        of instance: TaskInstanceKey, tryNumber: Int, from offset: Int64, limit: Int
    ) async throws -> TaskLogReader.Chunk? { nil }
}

extension RunHistory {
    /// Every DAG with its 14 newest runs.
    package func dags() async throws -> [DAGSummary] { try await dags(lastRuns: 14) }

    /// The output of a task instance under a key, `return_value` when none is named; nil when there is none.
    package func taskOutput(of instance: TaskInstanceKey, key: String = "return_value") async throws -> JSONValue? {
        try await outputs(of: instance).first { $0.key == key }?.value
    }
}

/// Which runs to list.
package struct RunQuery: Hashable, Sendable {
    /// Nil for the runs of all DAGs.
    package var dag: DAGID?
    /// At most this many; never above ``maximumLimit``.
    package var limit: Int
    /// Only runs that come after this one in the list: see ``RunPage/next``.
    package var before: RunCursor?
    /// Only runs in one of these states; nil for all.
    package var states: Set<RunState>?
    /// Only runs of one of these types; nil for all.
    package var types: Set<RunType>?
    /// Only runs of this backfill.
    package var backfill: BackfillID?
    /// Only runs whose logical date lies at or after this; those without one are left out.
    package var from: Timestamp?
    /// Only runs whose logical date lies at or before this; those without one are left out.
    package var to: Timestamp?

    /// What a page can hold at most.
    package static let maximumLimit = 1000

    package init(
        dag: DAGID? = nil, limit: Int = 50, before: RunCursor? = nil, states: Set<RunState>? = nil,
        types: Set<RunType>? = nil, backfill: BackfillID? = nil, from: Timestamp? = nil, to: Timestamp? = nil
    ) {
        self.from = from
        self.to = to
        self.dag = dag
        self.limit = min(max(limit, 1), Self.maximumLimit)
        self.before = before
        self.states = states
        self.types = types
        self.backfill = backfill
    }
}

extension RunQuery {
    /// Whether a run is one that is asked for, whatever the page.
    package func matches(_ run: RunRecord) -> Bool {
        if let dag, run.dag != dag { return false }
        if let states, !states.contains(run.state) { return false }
        if let types, !types.contains(run.type) { return false }
        if let backfill, run.backfill != backfill { return false }
        if from == nil, to == nil { return true }
        guard let date = run.logicalDate else { return false }
        return from ?? date <= date && date <= to ?? date
    }
}

/// A place in a list of runs.
///
/// Stays right while runs are added.
package struct RunCursor: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let runAfter: Timestamp
    package let key: RunKey

    package init(runAfter: Timestamp, key: RunKey) {
        self.runAfter = runAfter
        self.key = key
    }

    package init(_ run: RunRecord) { self.init(runAfter: run.runAfter, key: run.key) }

    /// Reads ``description`` back, from a link; nil when it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        // A negative time has a sign of its own.
        guard let last = parts.last, let key = Int64(last),
            let microseconds = Int64(parts.dropLast().joined(separator: "-"))
        else { return nil }
        self.init(runAfter: Timestamp(microseconds: microseconds), key: RunKey(rawValue: key))
    }

    /// For links: two numbers.
    package var description: String { "\(runAfter.microseconds)-\(key)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.runAfter, left.key) < (right.runAfter, right.key)
    }
}

/// A page of a list of runs.
package struct RunPage: Hashable, Sendable {
    package let runs: [RunRecord]
    /// Where the next page begins; nil when there is none.
    package let next: RunCursor?

    package init(runs: [RunRecord], next: RunCursor?) {
        self.runs = runs
        self.next = next
    }
}
