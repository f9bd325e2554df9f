import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import SeededRandom

/// Callbacks in the simulation: random ones, deliveries that fail, vanish with the leader and are repeated, and the rules that
/// judge what was told.
struct CallbackRules {
    /// Deliveries under way.
    private var underWay: [NotificationRecord] = []
    private var sent: Set<NotificationID> = []

    /// Gives a DAG callbacks, in half of the cases.
    static func add(to dag: inout DAG, using generator: inout SeededGenerator) {
        guard generator.chance(50) else { return }
        for number in dag.tasks.indices {
            let events = CallbackEvent.allCases.filter { $0 != .deadline && generator.chance(25) }
            if !events.isEmpty {
                dag.tasks[number].callbacks = events.map { Callback(event: $0, notifier: "webhook") }
            }
        }
        dag.callbacks = [CallbackEvent.success, .failure].map { Callback(event: $0, notifier: "slack") }
        dag.deadlines = [
            Deadline(
                reference: reference(using: &generator),
                interval: .seconds(Int64.random(in: 0...7_200, using: &generator)),
                callbacks: [Callback(event: .deadline, notifier: "email")])
        ]
    }

    private static func reference(using generator: inout SeededGenerator) -> Deadline.Reference {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: .queuedAt
        case 1: .logicalDate
        default:
            .averageRuntime(
                maximumRuns: Int.random(in: 3...6, using: &generator),
                minimumRuns: Int.random(in: 1...3, using: &generator))
        }
    }

    /// False for one that was sent before.
    mutating func begin(_ record: NotificationRecord) -> Bool {
        underWay.append(record)
        return sent.insert(record.id).inserted
    }

    mutating func crash() { underWay = [] }

    /// How a delivery ended, if there is one.
    mutating func end(using generator: inout SeededGenerator) -> SchedulerEvent? {
        guard !underWay.isEmpty else { return nil }
        let record = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &generator))
        if generator.chance(40) { return .notified(record.id, .failed("refused", isFinal: generator.chance(10))) }
        return .notified(record.id, .delivered)
    }

    /// What is wrong with what was told; nil for nothing.
    func problem(in tables: MemoryTables, maximum: Int, changedByHand: Set<RunKey>) -> String? {
        struct Told: Hashable {
            let task: TaskInstanceKey?
            let number: Int
            let event: CallbackEvent
        }
        for run in tables.runs.values {
            guard let dag = tables.versions[run.version] else { continue }
            let notices = tables.notifications(of: run.key)
            for notice in notices {
                if notice.state == .pending { return "notification \(notice.id) of \(run.runID) stays pending" }
                if notice.deliveries > maximum || notice.deliveries == 0 {
                    return "notification \(notice.id) was delivered \(notice.deliveries) times"
                }
                if !sent.contains(notice.id) { return "notification \(notice.id) ended and was never sent" }
            }
            let ofTasks = notices.filter { !$0.isOfDAG && $0.tryNumber > 0 }
            let told = Dictionary(grouping: ofTasks) {
                Told(task: $0.task, number: $0.tryNumber, event: $0.callback.event)
            }
            if let twice = told.first(where: { $0.value.count > 1 }) {
                return "\(twice.key.event) of \(String(describing: twice.key.task)) was told twice"
            }
            let past = tables.pastAttempts.values.filter { $0.start.instance.run == run.key }
            // A try that gave its slot back and was skipped while it waited has begun and left no row.
            for notice in ofTasks where notice.callback.event != .execute {
                let causes = past.filter { $0.start.instance == notice.task && $0.start.tryNumber == notice.tryNumber }
                guard causes.contains(where: { Self.isCause($0.completion.state, of: notice.callback.event) }) else {
                    return "\(notice.callback.event) of try \(notice.tryNumber) of \(run.runID) has no cause"
                }
            }
            if let problem = Self.deadlineProblem(run, dag, notices) { return problem }
            // A backfill may have run it again after it had been stopped, when nothing was told of its tries.
            if changedByHand.contains(run.key) || run.reason != nil || run.backfill != nil { continue }
            for attempt in past {
                let events = dag.tasks.first { $0.id == attempt.start.instance.task }?.callbacks?.map(\.event) ?? []
                let wanted: [CallbackEvent] =
                    switch attempt.completion.state {
                    case .success: [.success]
                    case .skipped: [.skipped]
                    case .failed: [.failure, .retry]
                    case .lost, .running: []
                    }
                guard !wanted.isEmpty, wanted.allSatisfy(events.contains) else { continue }
                let count = wanted.count { event in
                    told[Told(task: attempt.start.instance, number: attempt.start.tryNumber, event: event)] != nil
                }
                if count != 1 { return "try \(attempt.start.tryNumber) of \(run.runID) was told \(count) times" }
            }
            if dag.callbacks != nil, run.type != .backfill, run.backfill == nil {
                let ends = notices.filter { $0.isOfDAG && $0.deadline == nil }.map(\.callback.event)
                if ends != [run.state == .success ? .success : .failure] {
                    return "the end of \(run.runID) (\(run.state.rawValue)) was told as \(ends)"
                }
            }
        }
        return nil
    }

    /// Each miss is noted and told of once, and none is forgotten.
    private static func deadlineProblem(_ run: RunRecord, _ dag: DAG, _ notices: [NotificationRecord]) -> String? {
        let told = notices.compactMap(\.deadline)
        guard told.sorted() == run.missedDeadlines.map(\.deadline).sorted() else {
            return "run \(run.runID) missed \(run.missedDeadlines.count) deadlines and told of \(told.count)"
        }
        for (position, deadline) in (dag.deadlines ?? []).enumerated() {
            let misses = run.missedDeadlines.filter { $0.position == position }
            guard misses.count <= 1 else { return "deadline \(position) of \(run.runID) was missed twice" }
            guard misses.isEmpty, let at = run.instant(of: deadline, at: position), let end = run.endDate, at <= end
            else { continue }
            return "run \(run.runID) ended after its deadline and missed none"
        }
        return nil
    }

    private static func isCause(_ state: AttemptState, of event: CallbackEvent) -> Bool {
        switch event {
        case .execute: true
        case .retry: state == .failed
        case .success: state == .success
        case .failure: state == .failed || state == .lost
        case .skipped: state == .skipped
        case .deadline: false
        }
    }
}

extension Simulation {
    /// Lets the leader see what time it is: a deadline that has passed must be noted then, not only when its run ends.
    mutating func wake() throws {
        // Behind an open question the event would wait for its turn.
        let isSeenAtOnce = leader.queue.isSettled
        leader.queue.take(.wake, now: now)
        guard isSeenAtOnce else { return }
        for key in tables.runs.keys {
            guard let run = leader.queue.run(key) else { continue }
            for (position, deadline) in (run.graph.dag.deadlines ?? []).enumerated() {
                if case .averageRuntime = deadline.reference, run.record.averageRuntime(at: position) == nil,
                    // One that this event has made run again is asked for now.
                    tables.runs[key]?.queuedAt == run.record.queuedAt,
                    !run.record.missedDeadlines.contains(where: { $0.position == position })
                {
                    throw violation("\(run.record.runID) is not measured by the runs before it")
                }
                guard let at = run.record.instant(of: deadline, at: position), at <= now else { continue }
                guard run.record.missedDeadlines.contains(where: { $0.position == position }) else {
                    throw violation("the leader does not notice that \(run.record.runID) has missed a deadline")
                }
            }
        }
    }

    /// Reports how a delivery ended; false when none is under way.
    @discardableResult
    mutating func endDelivery() -> Bool {
        guard let end = callbacks.end(using: &generator) else { return false }
        if case .notified(_, .delivered) = end { counts[.delivered] += 1 }
        trace?.add(now, "\(end)")
        leader.queue.take(end, now: now)
        return true
    }
}
