import CivilTime
import Commands
import DAGModel
import Execution
import RunStore
import SchedulerCore
import Synchronization
import Timetables

/// A history that says what a test tells it to.
///
/// Everything that is asked for is kept.
final class FakeHistory: RunHistory, CommandQueue, HistoryOpener {
    struct State {
        var dags: [DAGDetail] = []
        /// By run id: what each look finds, the last for ever.
        var runs: [String: [RunDetail]] = [:]
        /// The run before any.
        var previous: StoredRun?
        /// Newest first, for lists.
        var runList: [RunRecord] = []
        var backfills: [BackfillID: [BackfillRecord]] = [:]
        var importErrors: [ImportErrorRecord] = []
        var isLed = true
        /// What the leader answers; nil for nothing.
        var answer: CommandOutcome?
        var logs: TaskLogDirectory?
        var notes: [Note] = []
        var texts: [DAGVersionID: String] = [:]
        var pools: [String: PoolUse] = [:]

        var submitted: [Command] = []
        var actors: [String] = []
        var paused: [DAGID: Bool] = [:]
        var opened: [DatabaseTarget] = []
        var closings = 0
        var queries: [RunQuery] = []
    }

    let state: Mutex<State>

    init(_ state: sending State = State()) { self.state = Mutex(state) }

    convenience init(_ change: (inout State) -> Void) {
        var state = State()
        change(&state)
        self.init(state)
    }

    /// A copy of what is known now.
    func read<Value>(_ body: (State) -> sending Value) -> sending Value { state.withLock { body($0) } }

    // MARK: HistoryOpener

    func open(_ target: DatabaseTarget) async throws -> OpenedHistory {
        state.withLock { $0.opened.append(target) }
        return OpenedHistory(history: self, commands: self, logs: state.withLock { $0.logs }) { [self] in
            state.withLock { $0.closings += 1 }
        }
    }

    // MARK: CommandQueue

    func submit(_ command: Command, actor: String, idempotencyKey: String?) async throws -> Int64 {
        state.withLock { state in
            state.submitted.append(command)
            state.actors.append(actor)
            return Int64(state.submitted.count)
        }
    }

    func outcome(of command: Int64) async throws -> CommandOutcome? {
        nil
    }

    func waitForOutcome(of command: Int64, timeout: Duration) async throws -> CommandOutcome? {
        state.withLock { $0.answer }
    }

    func setPaused(_ dag: DAGID, _ isPaused: Bool, actor: String) async throws -> Bool {
        state.withLock { state in
            guard state.dags.contains(where: { $0.summary.id == dag }) else { return false }
            state.paused[dag] = isPaused
            return true
        }
    }

    func setPool(_ name: String, slots: Int, description: String?, actor: String) async throws {
        state.withLock {
            $0.pools[name] = PoolUse(
                name: name, slots: slots, holders: $0.pools[name]?.holders ?? [],
                description: description ?? $0.pools[name]?.description)
        }
    }

    func deletePool(_ name: String, actor: String) async throws -> Bool {
        state.withLock { $0.pools.removeValue(forKey: name) != nil }
    }

    func setNote(
        _ text: String?, on run: RunKey, task: TaskID?, mapIndex: Int, actor: String
    ) async throws -> Bool {
        state.withLock { state in
            state.notes.removeAll { $0.task == task && $0.mapIndex == mapIndex }
            if let text {
                let now = CommandLineHarness.now
                state.notes.append(Note(task: task, mapIndex: mapIndex, text: text, author: actor, writtenAt: now))
            }
            return true
        }
    }

    // MARK: RunHistory

    func previousRun(dag: DAGID, before date: Timestamp) async throws -> StoredRun? {
        state.withLock { $0.previous }
    }

    func runs(of dag: DAGID, at dates: [Timestamp]) async throws -> [RunRecord] {
        state.withLock { state in
            state.runList.filter { run in run.dag == dag && run.logicalDate.map { dates.contains($0) } ?? false }
        }
    }

    func expiredRuns(_ rule: RetentionRule, limit: Int) async throws -> [RunRecord] { [] }

    func notes(of run: RunKey) async throws -> [Note] { state.withLock { $0.notes } }

    func sourceText(of dag: DAGID, version: DAGVersionID) async throws -> String? {
        state.withLock { $0.texts[version] }
    }

    func poolUses() async throws -> [PoolUse] { state.withLock { $0.pools.values.sorted { $0.name < $1.name } } }

    func poolUse(_ name: String) async throws -> PoolUse? { state.withLock { $0.pools[name] } }

    func dags(lastRuns: Int) async throws -> [DAGSummary] { state.withLock { $0.dags.map(\.summary) } }

    func dag(_ id: DAGID) async throws -> DAGDetail? { state.withLock { $0.dags.first { $0.summary.id == id } } }

    func runs(_ query: RunQuery) async throws -> RunPage {
        state.withLock { state in
            state.queries.append(query)
            let matching = state.runList.filter { run in
                query.matches(run) && (query.before.map { RunCursor(run) < $0 } ?? true)
            }
            let page = Array(matching.prefix(query.limit))
            return RunPage(runs: page, next: matching.count > page.count ? page.last.map { RunCursor($0) } : nil)
        }
    }

    func run(dag: DAGID, runID: String) async throws -> RunDetail? {
        state.withLock { state in
            guard let looks = state.runs[runID], let first = looks.first, first.run.dag == dag else { return nil }
            if looks.count > 1 { state.runs[runID]?.removeFirst() }
            return first
        }
    }

    func grid(dag: DAGID, limit: Int) async throws -> RunGrid? { nil }

    func outputs(of instance: TaskInstanceKey) async throws -> [TaskOutput] { [] }
    func outputs(of task: TaskID, in run: RunKey, key: String) async throws -> [JSONValue] { [] }

    func backfills(dag: DAGID?, limit: Int) async throws -> [BackfillRecord] {
        state.withLock { state in
            let known = state.backfills.values.compactMap(\.first).sorted { $0.id > $1.id }
            return Array(known.filter { dag == nil || $0.dag == dag }.prefix(limit))
        }
    }

    func backfill(_ id: BackfillID) async throws -> BackfillRecord? {
        state.withLock { state in
            guard let looks = state.backfills[id], let first = looks.first else { return nil }
            if looks.count > 1 { state.backfills[id]?.removeFirst() }
            return first
        }
    }

    func runStates(of backfills: [BackfillID]) async throws -> [BackfillID: [RunState: Int]] {
        state.withLock { state in
            state.runList.reduce(into: [:]) { states, run in
                if let backfill = run.backfill, backfills.contains(backfill) {
                    states[backfill, default: [:]][run.state, default: 0] += 1
                }
            }
        }
    }

    func dueInstants(dag: DAGID, limit: Int) async throws -> [DueRecord] { [] }

    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventRecord] { [] }

    func importErrors() async throws -> [ImportErrorRecord] { state.withLock { $0.importErrors } }

    func schedulerHealth() async throws -> SchedulerHealth {
        let now = CommandLineHarness.now
        let holder = LeaseHolder(host: "here", pid: 1, bootID: "boot", startTicks: 1)
        let lease = LeaseStatus(
            epoch: 1, holder: holder, isAlive: true, acquiredAt: now, renewedAt: now, expiresAt: now + .seconds(10))
        return SchedulerHealth(lease: state.withLock { $0.isLed } ? lease : nil, pendingCommands: 0, askedAt: now)
    }

    func runCounts() async throws -> [RunState: Int] { [:] }
}
