import CivilTime
import DAGModel
import HeapModule

// Callbacks: what becomes of tasks and runs calls notifiers.
//
// A notification's row is written in the decision that is its cause, so it is durable before it is sent, and what was not
// sent when the leader died is sent by the next one. It changes no task and holds no slot.

extension SchedulerCore {
    /// Calls the notifiers of a task.
    ///
    /// What somebody does by hand calls nobody, as in Airflow, nor do tries that are stopped with their run: the DAG's
    /// callback speaks for them.
    mutating func announce(_ event: CallbackEvent, _ number: Int, in run: RunEntry, reason: String?) {
        guard run.graph.hasCallbacks[run.tasks[number].spec] else { return }
        for callback in run.spec(number).callbacks ?? [] where callback.event == event {
            notify(callback, number, in: run, reason: reason)
        }
    }

    /// Calls the notifiers of a run that has ended, unless it was cancelled by hand.
    mutating func announceEnd(of run: RunEntry) {
        guard let callbacks = run.graph.dag.callbacks, run.stopReason != Self.cancelReason else { return }
        let event: CallbackEvent = run.record.state == .success ? .success : .failure
        let failed = event == .failure ? run.firstFailure : nil
        for callback in callbacks where callback.event == event {
            notify(
                callback, failed, in: run, isOfDAG: true,
                reason: run.stopReason ?? failed.map { "task \"\(run.spec($0).id)\" failed" })
        }
    }

    mutating func notify(
        _ callback: Callback, _ number: Int?, in run: RunEntry, isOfDAG: Bool = false, reason: String?,
        deadline: Timestamp? = nil
    ) {
        let record = NotificationRecord(
            id: NotificationID(rawValue: nextNumber()), dag: run.record.dag, run: run.record.key,
            runID: run.record.runID, task: number.map { run.instance($0) }, isOfDAG: isOfDAG,
            tryNumber: number.map { run.tasks[$0].tryNumber } ?? 0,
            maxTries: number.map { run.tasks[$0].maxTries } ?? 0,
            callback: callback, reason: reason, deadline: deadline, createdAt: now)
        notifications[record.id] = record
        decision.changes.append(.setNotification(record))
        decision.actions.append(.notify(record))
    }

    /// A delivery has ended: the notification is done with, or another delivery follows.
    mutating func notified(_ id: NotificationID, _ outcome: NotificationOutcome) {
        guard var record = notifications[id], record.nextAt == nil else { return }
        record.deliveries += 1
        switch outcome {
        case .delivered:
            record.state = .delivered
            record.endedAt = now
        case .failed(let problem, let isFinal):
            record.lastError = problem
            if isFinal || record.deliveries >= configuration.maximumDeliveries {
                record.state = .failed
                record.endedAt = now
            } else {
                let at = now + Self.deliveryDelay(after: record.deliveries)
                record.nextAt = at
                timers.insert(TimerEntry(at: at, subject: .notification(id)))
            }
        }
        notifications[id] = record.state == .pending ? record : nil
        decision.changes.append(.setNotification(record))
    }

    mutating func notificationDue(_ id: NotificationID) {
        guard let at = notifications[id]?.nextAt, at <= now else { return }
        notifications[id]?.nextAt = nil
        if let record = notifications[id] { decision.actions.append(.notify(record)) }
    }

    /// Takes over what was not delivered when the last leader stopped: a delivery that was under way is made again.
    mutating func restore(_ pending: [NotificationRecord]) {
        for record in pending {
            notifications[record.id] = record
            if let at = record.nextAt {
                timers.insert(TimerEntry(at: at, subject: .notification(record.id)))
            } else {
                decision.actions.append(.notify(record))
            }
        }
    }

    /// A run is forgotten, and with it what was to be told of it.
    mutating func dropNotifications(of run: RunKey) {
        notifications = notifications.filter { $0.value.run != run }
    }

    /// 15 s, 1 min, 4 min, then 15 min each.
    static func deliveryDelay(after deliveries: Int) -> Duration {
        deliveries >= 4 ? .seconds(900) : .seconds(15 << (2 * Int64(deliveries - 1)))
    }
}

extension RunEntry {
    /// The first task of the document that failed by itself.
    var firstFailure: Int? {
        let failed = tasks.indices.filter { tasks[$0].state == .failed }
        // Of a mapped task an instance, not the whole.
        return failed.min { left, right in
            let (one, other) = (tasks[left], tasks[right])
            if one.spec != other.spec { return one.spec < other.spec }
            return (one.instances == nil ? 0 : 1, one.mapIndex) < (other.instances == nil ? 0 : 1, other.mapIndex)
        }
    }
}
