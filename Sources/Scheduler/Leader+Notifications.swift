import DAGModel
import DequeModule
import Execution
import Logging
import RunStore
import SchedulerCore

// Notifications are delivered beside the tasks: they hold no slot, and a few at a time, so that a storm of failures does
// not become a storm of requests.

extension Leader {
    /// Takes a committed notification, to be delivered when its turn comes.
    func notify(_ record: NotificationRecord) {
        waitingNotifications.append(record)
        deliverNext()
    }

    private func deliverNext() {
        while !isStopping, failure == nil, deliveries.count < settings.deliveriesAtOnce,
            let record = waitingNotifications.popFirst()
        {
            guard deliveries[record.id] == nil else { continue }
            deliveries[record.id] = Task {
                let outcome = await self.deliver(record)
                self.delivered(record, outcome)
            }
        }
    }

    private func deliver(_ record: NotificationRecord) async -> NotificationOutcome {
        guard let notifications else {
            return .failed("this scheduler has no notifiers", isFinal: true)
        }
        do {
            let found = try await store.runsToChange(
                dag: record.dag, runID: record.runID, past: false, future: false)
            guard let run = found.first(where: { $0.stored.run.key == record.run }) else {
                return .failed("the run is gone", isFinal: true)
            }
            try await notifications.send(
                NotificationRequest(
                    key: record.id.rawValue, callback: record.callback, dag: run.dag, run: RunFacts(run.stored.run),
                    runState: run.stored.run.state, task: record.task, tryNumber: record.tryNumber,
                    maxTries: record.maxTries, reason: record.reason, deadline: record.deadline,
                    createdAt: record.createdAt))
            return .delivered
        } catch let failure as TaskFailure {
            return .failed(failure.reason, isFinal: !failure.isRetryable)
        } catch {
            return .failed("\(error)", isFinal: false)
        }
    }

    /// What is not reported is delivered again by the next leader: so one that was cut off by the stop is left alone.
    private func delivered(_ record: NotificationRecord, _ outcome: NotificationOutcome) {
        deliveries[record.id] = nil
        if case .failed(let problem, _) = outcome {
            if isStopping { return }
            logger.warning(
                "a notification was not delivered",
                metadata: [
                    "notification.id": "\(record.id)", "notifier": "\(record.callback.notifier)",
                    "dag.id": "\(record.dag)", "run.id": "\(record.runID)", "error": "\(problem)",
                ])
        }
        take(.notified(record.id, outcome))
        deliverNext()
    }

    /// Cuts off what is being delivered and returns when it has ended.
    func stopDeliveries() async {
        waitingNotifications = []
        let tasks = Array(deliveries.values)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
