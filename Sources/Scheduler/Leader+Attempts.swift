import CivilTime
import DAGModel
import Execution
import Logging
import SchedulerCore

extension Leader {
    /// Carries out a committed start, unless the lease may have run out: then it waits for the renewal.
    func start(_ start: AttemptStart) {
        guard gate.admits(start, at: .now) else { return }
        guard let (record, graph) = queue.core.run(start.instance.run), let task = graph.task(start.instance.task)
        else {
            return
        }
        let launch = AttemptLaunch(
            attempt: start.attempt, epoch: epoch, dag: graph.dag, task: task, run: RunFacts(record),
            mapIndex: start.instance.mapIndex, tryNumber: start.tryNumber, maxTries: start.maxTries,
            startedAt: start.startedAt)
        let executor = taskExecutor
        attempts[start.attempt] = Task {
            let end = await executor.run(launch)
            self.ended(end)
        }
    }

    func stop(_ attempt: AttemptID, reason: String) {
        stopReasons[attempt] = reason
        attempts[attempt]?.cancel()
        if gate.withdraw(attempt) {
            ended(AttemptEnd(attempt: attempt, state: .failed, reason: reason))
        }
    }

    private func ended(_ end: AttemptEnd) {
        attempts[end.attempt] = nil
        let stopReason = stopReasons.removeValue(forKey: end.attempt)
        let hadNoLease = stoppedWithoutLease.remove(end.attempt) != nil
        if isStopping || hadNoLease, end.state == .failed, stopReason == nil {
            let reason = hadNoLease ? "the scheduler could not renew its lease" : "the scheduler was stopped"
            take(.attemptInterrupted(end.attempt, reason: reason))
        } else if let stopReason, end.state == .failed {
            take(
                .attemptEnded(
                    AttemptEnd(
                        attempt: end.attempt, state: .failed, reason: stopReason, isRetryable: false,
                        exitCode: end.exitCode)))
        } else {
            take(.attemptEnded(end))
        }
        if attempts.isEmpty { wakeWaiters() }
    }

    /// The lease was renewed: work may be started until `end`.
    func renewed(until end: ContinuousClock.Instant) {
        for start in gate.renewed(until: end) { self.start(start) }
    }

    /// Stops what runs if the lease may have run out: a successor on another host will start the same again.
    func stopWithoutLease() {
        guard ContinuousClock.now >= gate.end, !attempts.isEmpty else { return }
        logger.error(
            "the lease could not be renewed in time: stopping what runs, for another scheduler may start it again",
            metadata: ["attempts": "\(attempts.count)"])
        stoppedWithoutLease.formUnion(attempts.keys)
        for task in attempts.values { task.cancel() }
    }

    /// Stops every attempt, waits for their ends to be committed, and leaves the store as the next leader expects it.
    ///
    /// Whatever does not end in time is left to the next leader's recovery.
    func stop() async {
        isStopping = true
        take(.drain)
        for start in gate.takeHeld() {
            take(.attemptInterrupted(start.attempt, reason: "the scheduler was stopped"))
        }
        for task in attempts.values { task.cancel() }
        for task in attempts.values { await task.value }
        await stopDeliveries()
        await settled()
    }

    /// Stops every attempt without writing: this epoch is over, and the next leader declares them lost.
    func abandon() async {
        isStopping = true
        for task in attempts.values { task.cancel() }
        for task in attempts.values { await task.value }
        await stopDeliveries()
    }
}

extension RunFacts {
    init(_ record: RunRecord) {
        self.init(
            key: record.key, runID: record.runID, type: record.type, logicalDate: record.logicalDate,
            interval: record.interval, runAfter: record.runAfter, startDate: record.startDate, conf: record.conf,
            events: record.events)
    }
}
