import CivilTime
import DAGModel
import SchedulerCore
import Synchronization
import TestClocks
import Testing

@testable import Warehouse

@Suite("The first fill", .timeLimit(.minutes(1)))
struct FirstFillTests {
    private let plan = FirstFillPlan(present: instant("2026-03-01T10:25:00Z"))

    @Test("the plan ends with the last whole hour: 14 days by hours, 1,000 hours before them by pages")
    func planned() {
        #expect(plan.backfill.description == "2026-02-15T10:00:00Z/2026-03-01T10:00:00Z")
        #expect(plan.history.description == "2026-01-04T18:00:00Z/2026-02-15T10:00:00Z")
        #expect(plan.requests == 5 * (5 + 336) + 1)
        #expect(plan.shortestTime() == .seconds(171))
        #expect(
            plan.historyCommand
                == .trigger(
                    dag: DAGID("candles_history"), runID: nil, logicalDate: nil,
                    conf: ["start": "2026-01-04T18:00:00Z", "end": "2026-02-15T10:00:00Z"]))
        #expect(
            plan.backfillCommand
                == .backfill(
                    dag: DAGID("candles_1h"), from: instant("2026-02-15T10:00:00Z"),
                    to: instant("2026-03-01T09:00:00Z"),
                    reprocess: .none, maxActive: nil, conf: [:]))
        #expect(plan.key("backfill") == "first-fill:2026-01-04T18:00:00Z/2026-03-01T10:00:00Z:backfill")
    }

    @Test("steps follow one another, and the schedules are let go after their part")
    func steps() async throws {
        let control = ScriptedControl()
        let progress = Mutex<[FirstFillProgress]>([])
        let fill = FirstFill(plan: plan, control: control, clock: InstantClock()) { step in
            progress.withLock { $0.append(step) }
        }
        #expect(try await fill.run().problems.isEmpty)
        #expect(
            control.events == [
                "pause candles_1h", "pause ticker_24h", "trigger candles_history", "backfill candles_1h",
                "unpause candles_1h", "trigger ticker_24h", "unpause ticker_24h",
            ])
        let steps = progress.withLock { $0 }
        #expect(steps.filter { $0.step == .backfill }.map(\.done) == [0, 0, 200, 336])
        #expect(steps.map(\.shortestRest) == steps.map(\.shortestRest).sorted(by: >))
        #expect(steps.last?.shortestRest == .zero)
        #expect(steps.first?.summary == "1000 hours of warm-up, by pages")
    }

    @Test("run again with the same plan it finds everything done and makes nothing twice")
    func resumed() async throws {
        let control = ScriptedControl()
        for _ in 0..<2 { _ = try await FirstFill(plan: plan, control: control, clock: InstantClock()) { _ in }.run() }
        #expect(control.events.filter { $0.hasPrefix("trigger") || $0.hasPrefix("backfill") }.count == 3)
    }

    @Test("what fails is told with what to do, and the other steps go on")
    func failures() async throws {
        let control = ScriptedControl(failedRuns: ["candles_history"], failedHours: 2)
        let report = try await FirstFill(plan: plan, control: control, clock: InstantClock()) { _ in }.run()
        #expect(report.problems.count == 2)
        #expect(report.problems.first?.contains("cryptoflow dag trigger candles_history --conf") == true)
        #expect(report.problems.last?.contains("2 hours of 2026-02-15T10:00:00Z/2026-03-01T10:00:00Z failed") == true)
        #expect(control.events.last == "unpause ticker_24h")
    }

    @Test("a command that comes before the documents are read is given again")
    func early() async throws {
        let control = ScriptedControl(refusals: 2)
        #expect(
            try await FirstFill(plan: plan, control: control, clock: InstantClock()) { _ in }.run().problems.isEmpty)
        #expect(control.events.filter { $0 == "trigger candles_history" }.count == 3)

        let refusing = ScriptedControl(refusals: 5)
        let report = try await FirstFill(plan: plan, control: refusing, clock: InstantClock()) { _ in }.run()
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.contains("is not complete: no such DAG yet; fetch it with") == true)
    }

    @Test("what a failed refinement left gets one run more, and is told when that does not help")
    func stuck() async throws {
        let healed = ScriptedControl(repliesLeft: 3)
        #expect(try await FirstFill(plan: plan, control: healed, clock: InstantClock()) { _ in }.run().problems.isEmpty)
        #expect(healed.events.contains("trigger bronze_to_silver"))

        let stuck = ScriptedControl(repliesLeft: 3, heals: false)
        let report = try await FirstFill(plan: plan, control: stuck, clock: InstantClock()) { _ in }.run()
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.hasPrefix("3 replies and 0 markets wait to be refined") == true)
        #expect(stuck.events.filter { $0 == "trigger bronze_to_silver" }.count == 1)
    }
}

/// A clock whose sleepers wake at once: the fill's pauses are only for others to get on.
private struct InstantClock: Clock {
    typealias Instant = ManualClock.Instant

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws { try Task.checkCancellation() }
}

/// A scheduler that does what it is told, in a few looks.
private final class ScriptedControl: FillControl {
    private struct State {
        var events: [String] = []
        var commands: [String: Int64] = [:]
        var outcomes: [Int64: CommandOutcome] = [:]
        var looks: [String: Int] = [:]
        var repliesLeft = 0
        var refusals = 0
    }

    private let state: Mutex<State>
    private let failedRuns: Set<String>
    private let failedHours: Int
    private let heals: Bool

    init(
        failedRuns: Set<String> = [], failedHours: Int = 0, repliesLeft: Int = 0, heals: Bool = true, refusals: Int = 0
    ) {
        self.failedRuns = failedRuns
        self.failedHours = failedHours
        self.heals = heals
        state = Mutex(State(repliesLeft: repliesLeft, refusals: refusals))
    }

    var events: [String] { state.withLock { $0.events } }

    /// The count of looks at something before this one.
    private func look(_ at: String) -> Int {
        state.withLock { state in
            state.looks[at, default: -1] += 1
            return state.looks[at, default: 0]
        }
    }

    func submit(_ command: Command, key: String) async throws -> Int64 {
        state.withLock { state in
            if let known = state.commands[key] { return known }
            let id = Int64(state.commands.count + 1)
            state.commands[key] = id
            switch command {
            case .trigger(let dag, _, _, _, _):
                state.events.append("trigger \(dag)")
                if dag == FirstFillPlan.silver && heals { state.repliesLeft = 0 }
                state.outcomes[id] = .run(dag: dag, runID: "manual__\(id)", key: RunKey(rawValue: id))
            case .backfill(let dag, _, _, _, _, _, _):
                state.events.append("backfill \(dag)")
                state.outcomes[id] = .backfill(BackfillID(rawValue: id), total: 336)
            default: state.outcomes[id] = .refused("unexpected")
            }
            if state.refusals > 0 {
                state.refusals -= 1
                state.outcomes[id] = .refused("no such DAG yet")
            }
            return id
        }
    }

    func outcome(of command: Int64) async throws -> CommandOutcome? {
        look("command \(command)") < 2 ? nil : state.withLock { $0.outcomes[command] }
    }

    func runState(_ dag: DAGID, runID: String) async throws -> RunState? {
        switch look(runID) {
        case 0: .queued
        case 1: .running
        default: failedRuns.contains(dag.rawValue) ? .failed : .success
        }
    }

    func progress(of backfill: BackfillID) async throws -> BackfillProgress? {
        let finished = [0, 0, 200, 200, 336]
        let step = min(look("backfill"), 4)
        return BackfillProgress(
            state: step == 4 ? .completed : .running, total: 336, finished: finished[step], failed: failedHours)
    }

    func setPaused(_ dag: DAGID, _ isPaused: Bool) async throws {
        state.withLock { $0.events.append("\(isPaused ? "pause" : "unpause") \(dag)") }
    }

    func activeRuns(of dag: DAGID) async throws -> Int { look("active \(dag)") == 0 ? 1 : 0 }

    func refinementDue() async throws -> RefinementDue {
        RefinementDue(replies: state.withLock { $0.repliesLeft }, markets: 0)
    }
}
