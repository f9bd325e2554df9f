import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import SchedulerCore

extension Leader {
    /// Carries out a committed start, unless the lease may have run out: then it waits for the renewal.
    ///
    /// One that is handed over to workers can be taken since its commit: here it is only waited for, as is one that the
    /// leader before handed over.
    func start(_ start: AttemptStart) {
        if isStopping {
            // Decided before, committed since: the next leader waits for a worker's, and the others have to start again.
            if start.queue == nil { interrupt(start.attempt) }
            return
        }
        guard start.queue != nil || gate.admits(start, at: .now) else { return }
        guard let (record, graph) = queue.run(start.instance.run), let task = graph.task(start.instance.task)
        else {
            return
        }
        let launch = AttemptLaunch(
            attempt: start.attempt, epoch: epoch, dag: graph.dag, task: task, run: RunFacts(record),
            mapIndex: start.instance.mapIndex, tryNumber: start.tryNumber, maxTries: start.maxTries,
            startedAt: start.startedAt, queue: start.queue)
        if start.queue != nil { handedOver.insert(start.attempt) }
        let executor = taskExecutor
        let isHandedOver = start.queue != nil
        if let threads = executor.threads(for: launch) {
            // Ends on this actor's queue: to end elsewhere it would wake one of those threads for nothing.
            attempts[start.attempt] = Task {
                let end = await withTaskExecutorPreference(threads) { await executor.run(launch) }
                self.ended(end, isHandedOver: isHandedOver)
            }
        } else {
            // Off this actor's queue from the first: it comes back with the end only.
            attempts[start.attempt] = Task { @concurrent in
                let end = await executor.run(launch)
                await self.ended(end, isHandedOver: isHandedOver)
            }
        }
    }

    func stop(_ attempt: AttemptID, reason: String) {
        stopReasons[attempt] = reason
        attempts[attempt]?.cancel()
        if gate.withdraw(attempt) {
            ended(AttemptEnd(attempt: attempt, state: .failed, reason: reason), isHandedOver: false)
        }
    }

    private func interrupt(_ attempt: AttemptID, _ reason: String = "the scheduler was stopped") {
        take(.attemptInterrupted(attempt, reason: reason))
    }

    private func ended(_ end: AttemptEnd, isHandedOver: Bool) {
        attempts[end.attempt] = nil
        let stopReason = stopReasons.removeValue(forKey: end.attempt)
        handedOver.remove(end.attempt)
        let hadNoLease = stoppedWithoutLease.remove(end.attempt) != nil
        if end.state == .running, end.deferral == nil {
            // It goes on without this leader.
        } else if end.state == .lost {
            let reason = end.reason ?? "its worker is gone"
            take(
                end.isInterrupted
                    ? .attemptInterrupted(end.attempt, reason: reason) : .attemptLost(end.attempt, reason: reason))
        } else if isStopping && !isHandedOver || hadNoLease, end.state == .failed, stopReason == nil {
            interrupt(
                end.attempt, hadNoLease ? "the scheduler could not renew its lease" : "the scheduler was stopped")
        } else if let stopReason, end.state == .failed {
            take(
                .attemptEnded(
                    AttemptEnd(
                        attempt: end.attempt, state: .failed, reason: stopReason, isRetryable: false,
                        exitCode: end.exitCode, takenAt: end.takenAt)))
        } else {
            take(.attemptEnded(end))
        }
        if attempts.isEmpty { wakeWaiters() }
    }

    /// The lease was renewed: work may be started until `end`.
    func renewed(until end: ContinuousClock.Instant) {
        for start in gate.renewed(until: end) { self.start(start) }
    }

    /// Stops what runs if the lease has run out: a successor on another host will start the same again.
    ///
    /// What workers carry out goes on under whoever leads.
    func stopWithoutLease(after grace: Duration) {
        let own = attempts.filter { !handedOver.contains($0.key) && !stoppedWithoutLease.contains($0.key) }
        guard ContinuousClock.now >= gate.end + grace, !own.isEmpty else { return }
        logger.error(
            "the lease could not be renewed in time: stopping what runs, for another scheduler may start it again",
            metadata: ["attempts": "\(own.count)"])
        stoppedWithoutLease.formUnion(own.keys)
        for task in own.values { task.cancel() }
    }

    /// Stops every attempt, waits for their ends to be committed, and leaves the store as the next leader expects it.
    ///
    /// Whatever does not end in time is left to the next leader's recovery.
    func stop() async {
        isStopping = true
        take(.drain)
        for start in gate.takeHeld() { interrupt(start.attempt) }
        await taskExecutor.letGo()
        for task in attempts.values { task.cancel() }
        for task in attempts.values { await task.value }
        await stopDeliveries()
        await settled()
    }

    /// Stops every attempt without writing: this epoch is over, and the next leader declares them lost.
    func abandon() async {
        isStopping = true
        await taskExecutor.letGo()
        for task in attempts.values { task.cancel() }
        for task in attempts.values { await task.value }
        await stopDeliveries()
    }
}
