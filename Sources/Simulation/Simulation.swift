import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import SeededRandom
import Timetables

/// Drives the real core, with the real order of its decisions, against simulated tables and executors.
///
/// Random DAGs and outcomes; crashes between any two commits, leaders that are cut off while another takes over, lost answers,
/// duplicated and reordered reports, clocks that are set, changes of summer time; pauses, triggers, changes by hand,
/// backfills, changed and removed documents. Every rule that breaks is a violation with the seed to replay it. Time is
/// simulated, so a seed always goes the same way.
package struct Simulation {
    package let seed: UInt64
    package internal(set) var counts = SimulationCounts()
    /// What happened, when asked for.
    package let trace: SimulationTrace?

    var callbacks = CallbackRules()
    var history = MemoryHistory()
    var generator: SeededGenerator
    /// Since the simulation's start, by a clock that nobody sets.
    var elapsed = Duration.zero
    /// By how much the wall clock has been set.
    var skew = Duration.zero
    let start: Timestamp
    private let monotonicStart = ContinuousClock.now

    var leader: SimulatedLeader
    /// A leader that was cut off, and does not know that another has taken over.
    var stale: SimulatedLeader?
    /// What workers carry out.
    var workerTries: [WorkerTry] = []
    var documents: [DAGRecord]
    /// Documents that are taken away, to come back.
    var removed: [DAGRecord] = []
    /// Every command so far; one without an outcome waits for the leader, whoever that is.
    var commands: [PendingCommand] = []
    /// As the database has them.
    var pools = ["small": 2]
    let configuration: CoreConfiguration
    let batchLimit: Int
    /// Runs whose tasks were changed by hand: how they end follows from more than the rules.
    var changedByHand: Set<RunKey> = []
    /// Logical dates whose run was deleted, by hand or for its age.
    var deletedDates: [DAGID: Set<Timestamp>] = [:]

    /// How long a lease lasts, and how much of it a leader dares to use.
    static let leaseTTL = Duration.seconds(10)
    static let foreignGrace = Duration.seconds(5)

    /// A simulation at its beginning: with its documents, and its first leader.
    package init(seed: UInt64, isTraced: Bool = false) throws {
        self.seed = seed
        trace = isTraced ? SimulationTrace() : nil
        generator = SeededGenerator(seed: seed)
        start = generator.chance(50) ? RandomDAGs.start : RandomDAGs.startBeforeSummer
        documents = try RandomDAGs.make(using: &generator, start: start)
        var configuration = CoreConfiguration()
        configuration.parallelism = Int.random(in: 1...8, using: &generator)
        if generator.chance(70) { configuration.ownQueues = ["default"] }
        configuration.startsPerDecision = 1 + Int(seed % 7)
        self.configuration = configuration
        batchLimit = Int.random(in: 1...20, using: &generator)
        leader = SimulatedLeader(
            epoch: 0,
            core: SchedulerCore(configuration: configuration, epoch: 0, snapshot: Snapshot(), now: start),
            startsUntil: monotonicStart)
        try lead()
    }

    /// Disturbs the scheduler for some steps, then lets it come to rest and judges.
    package mutating func run(steps: Int) throws {
        for _ in 0..<steps { try step() }
        try comeToRest()
        try judge()
    }

    /// The wall clock.
    var now: Timestamp { start + elapsed + skew }
    /// The database's clock, which is not set.
    var databaseNow: Timestamp { start + elapsed }
    var monotonic: ContinuousClock.Instant { monotonicStart + elapsed }
    var tables: MemoryTables { history.tables }

    func violation(_ rule: String) -> SimulationViolation { SimulationViolation(seed: seed, rule: rule) }

    // MARK: What happens

    private mutating func step() throws {
        switch Int.random(in: 0..<200, using: &generator) {
        case 0..<60:
            let decisions = Int.random(in: 1...4, using: &generator)
            try commit(decisions)
        case 60..<70:
            let actions = Int.random(in: 1...4, using: &generator)
            try act(actions)
        case 70..<118: try passTime()
        case 118..<166: try reportSome()
        case 166..<170: try crash()
        case 170..<173: try cutOff()
        case 173..<176: try staleActs()
        case 176..<178: setClock()
        case 178..<182: togglePause()
        case 182..<189: trigger()
        case 189..<192: backfill()
        case 192..<194: changeBackfill()
        case 194: changeDocument()
        case 195: removeDocument()
        case 196..<198: changeByHand()
        case 198: generator.chance(50) ? killWorker() : try changePools()
        default: try duplicate()
        }
    }

    mutating func passTime() throws {
        let candidates = [leader.queue.nextWake, nextEnd, now + .seconds(1_200)].compactMap { $0 }
        let jump = Duration.seconds(Int64.random(in: 0...600, using: &generator))
        let earliest = candidates.min() ?? now
        let wait = generator.chance(70) ? max(.zero, earliest - now) : jump
        advance(wait)
        trace?.add(now, "time passes")
        try wake()
        endDelivery()
    }

    /// Time passes for everybody; the leader renews its lease all the while.
    mutating func advance(_ duration: Duration) {
        let before = now
        elapsed += duration
        countTransitions(from: before)
        renew()
    }

    mutating func renew() {
        guard history.setLease(epoch: leader.epoch, end: databaseNow + Self.leaseTTL, now: databaseNow) else { return }
        for start in leader.gate.renewed(until: monotonic + Self.leaseTTL * 0.8) {
            leader.actions.append(.start(start))
        }
    }

    /// When the next thing that runs ends, by the wall clock.
    var nextEnd: Timestamp? {
        let atWorkers = workerTries.filter { $0.reportedTo != leader.epoch }.map { max($0.endsAt, elapsed) }
        return (leader.executions.map(\.endsAt) + atWorkers).min().map { start + $0 + skew }
    }

    private mutating func countTransitions(from before: Timestamp) {
        for document in documents {
            guard let zone = RandomDAGs.zone(of: document.dag.timetable), zone != .utc,
                let next = zone.nextTransition(after: before), next.instant <= now
            else { continue }
            counts[.transitions] += 1
        }
    }

    /// Somebody sets the wall clock, forward or back.
    private mutating func setClock() {
        counts[.clockJumps] += 1
        // Never by more than this from where it belongs, so that the end is after all that happened.
        let offset = Int64.random(in: -1_800...1_800, using: &generator)
        skew = .seconds(offset)
        trace?.add(now, "the clock is set")
    }

    // MARK: Reports

    private mutating func reportSome() throws {
        leader.collectEnded(at: elapsed)
        collectFromWorkers()
        guard !leader.reports.isEmpty else { return }
        // In any order, as reports cross.
        let index = Int.random(in: 0..<leader.reports.count, using: &generator)
        if index > 0 { counts[.reordered] += 1 }
        let report = leader.reports.remove(at: index)
        trace?.add(now, "report \(report)")
        leader.queue.take(report, now: now)
    }

    private mutating func duplicate() throws {
        guard let past = tables.pastAttempts.keys.sorted().randomElement(using: &generator) else { return }
        counts[.duplicates] += 1
        trace?.add(now, "attempt \(past) is reported again")
        leader.queue.take(.attemptEnded(AttemptEnd(attempt: past, state: .failed, reason: "again")), now: now)
    }
}

/// A rule that did not hold, and the seed that shows it.
package struct SimulationViolation: Error, CustomStringConvertible {
    package let seed: UInt64
    package let rule: String
    package var description: String { "seed \(seed): \(rule)" }
}

/// What happened in a simulation, one line each.
package final class SimulationTrace {
    package private(set) var lines: [String] = []

    func add(_ now: Timestamp, _ text: String) { lines.append("\(now.iso8601) \(text)") }
}
