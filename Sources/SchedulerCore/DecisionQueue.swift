package import CivilTime
package import DAGModel
import DequeModule

/// What a leader has decided and not yet carried out: the core with the order of its decisions.
///
/// Events come in, the core decides, decisions are committed in order and in groups, and only a committed decision's
/// actions come out. A question to the store waits for every decision before it, and holds back every event after it.
/// Like the core it has no clock and no I/O: the leader drives it, and so do simulations. It has one owner: a copy of a
/// core, made in passing to look at it, costs more than many decisions.
package struct DecisionQueue: ~Copyable, Sendable {
    private var core: SchedulerCore
    /// Decisions not yet committed, oldest first.
    private var decided = Deque<Decision>()
    /// How many of them make up each batch under way, oldest first.
    private var underWay = Deque<Int>()
    private var decisionsUnderWay = 0
    /// The changes of all decisions that are not under way.
    package private(set) var waitingChanges = 0
    /// How many decisions there have been, and how many of them are committed.
    package private(set) var madeCount = 0
    package private(set) var committedCount = 0
    private var lookups = Deque<Lookup>()
    /// Events that came while a question was open.
    private var heldEvents = Deque<SchedulerEvent>()

    package init(core: SchedulerCore) { self.core = core }

    /// Whether something waits for a commit that is not under way.
    package var hasDecisions: Bool { decided.count > decisionsUnderWay || goesOn }

    /// Whether the core has more to decide without any event.
    private var goesOn: Bool { lookups.isEmpty && core.isCutShort }

    /// The question to ask now; nil when there is none, or decisions before it are not committed.
    package var question: Lookup? { decided.isEmpty ? lookups.first : nil }

    /// Whether every decision is committed and every question answered.
    package var isSettled: Bool { decided.isEmpty && lookups.isEmpty && !core.isCutShort }

    // What there is to see of the core.

    /// When to hand it ``SchedulerEvent/wake`` if nothing else happens; nil for never.
    package var nextWake: Timestamp? { core.nextWake }
    package var dagCount: Int { core.dagCount }
    package var activeDAGs: [(id: DAGID, file: String)] { core.activeDAGs }
    package var activeRunCount: Int { core.activeRunCount }
    package var closedPools: [String] { core.closedPools }

    /// The facts of an active run, for whoever carries out its attempts.
    package func run(_ key: RunKey) -> (record: RunRecord, graph: DAGGraph)? { core.run(key) }

    /// Handles an event now, or after the questions that are open.
    package mutating func take(_ event: SchedulerEvent, now: Timestamp) {
        if lookups.isEmpty { decide(event, now: now) } else { heldEvents.append(event) }
    }

    /// Asks the store something of its own accord: what a command changes.
    package mutating func ask(_ lookup: Lookup) { lookups.append(lookup) }

    /// Adds changes that need no decision of the core.
    package mutating func record(_ changes: [Change]) {
        var decision = Decision()
        decision.changes = changes
        append(decision)
    }

    /// The answer to ``question``; what was held back follows.
    package mutating func answer(_ event: SchedulerEvent, now: Timestamp) {
        lookups.removeFirst()
        decide(event, now: now)
        while lookups.isEmpty, let held = heldEvents.popFirst() { decide(held, now: now) }
    }

    private mutating func decide(_ event: SchedulerEvent, now: Timestamp) {
        let decision = core.handle(event, now: now)
        if decision.isEmpty { return }
        for action in decision.actions {
            if let lookup = action.lookup { lookups.append(lookup) }
        }
        append(decision)
    }

    private mutating func append(_ decision: Decision) {
        madeCount += 1
        waitingChanges += decision.changes.count
        decided.append(decision)
    }

    /// The changes to commit next: those of the oldest decisions, whole ones, at most `limit` unless one alone has more; none
    /// only when no decision that waits has any.
    ///
    /// A core that was cut short goes on until there are as many. The batch is under way until ``committed()``; the next one
    /// may be taken before, and follows it.
    package mutating func nextBatch(limit: Int, now: Timestamp) -> [Change] {
        while waitingChanges < limit, goesOn { decide(.wake, now: now) }
        var changes: [Change] = []
        var count = 0
        for decision in decided[decisionsUnderWay...] {
            guard changes.isEmpty || changes.count + decision.changes.count <= limit else { break }
            changes.append(contentsOf: decision.changes)
            count += 1
        }
        underWay.append(count)
        decisionsUnderWay += count
        waitingChanges -= changes.count
        return changes
    }

    /// The oldest batch under way is durable: what its decisions ask to do now.
    package mutating func committed() -> [Action] {
        guard let count = underWay.popFirst() else { return [] }
        var actions: [Action] = []
        for decision in decided.prefix(count) { actions.append(contentsOf: decision.actions) }
        decided.removeFirst(count)
        decisionsUnderWay -= count
        committedCount += count
        return actions
    }
}
