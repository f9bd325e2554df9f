import DAGModel
import Execution
import Logging
import RunStore
import SchedulerCore

/// Taking tries, beginning them, and stopping those that the leader wants stopped.
extension WorkerSession {
    func heard(of queue: String?) async {
        if let queue {
            guard settings.queues.contains(queue) else { return }
            promising.insert(queue)
        } else {
            promising = Set(settings.queues)
            await stopWhatIsToStop()
        }
        wakeClaims?.yield()
    }

    func lookNowAndThen() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: settings.rereadInterval) } catch { return }
            await heard(of: nil)
        }
    }

    private var free: Int { settings.concurrency - running.count - starting }

    /// Takes as many tries as there are places.
    func fill() async {
        for queue in settings.queues where promising.contains(queue) {
            while wish == .work, !isLost, free > 0, promising.contains(queue) {
                let limit = free
                promising.remove(queue)
                // The places are taken before the answer comes: a drain waits for it.
                starting += limit
                do {
                    let claims = try await store.claim(id, queue: queue, limit: limit)
                    // Where all places were filled there may be more.
                    if claims.count == limit { promising.insert(queue) }
                    starting -= limit - claims.count
                    for claim in claims { await begin(claim) }
                    settle()
                } catch {
                    starting -= limit
                    settle()
                    promising.insert(queue)
                    logger.warning("no tries could be taken", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
    }

    private func begin(_ claim: ClaimedAttempt) async {
        defer {
            starting -= 1
            settle()
        }
        var launch: AttemptLaunch?
        var problem = "its task is not in the version of the DAG that its run is pinned to"
        while !isLost {
            do {
                let dag = try await definition(of: claim.run)
                launch = AttemptLaunch(claim, dag: dag)
                break
            } catch let error where !store.isTransient(error) {
                problem = "\(error)"
                break
            } catch {
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            }
        }
        guard !isLost else { return }
        observer.changed(.took(claim))
        let attempt = claim.start.attempt
        guard let launch else {
            ended.append(
                Ended(
                    claim: claim,
                    end: AttemptEnd(attempt: attempt, state: .failed, reason: problem, isRetryable: false),
                    log: LogShipment(path: nil, start: claim.logStart)))
            wakeReports?.yield()
            return
        }
        let log = LogShipment(path: parts.logs.path(of: launch), start: claim.logStart, mask: parts.logs.mask)
        let executor = parts.executor
        // Awaited when the session is over; its end comes back here.
        let task = Task {
            let end = await withTaskExecutorPreference(executor.threads(for: launch)) { await executor.run(launch) }
            self.finished(end)
        }
        running[attempt] = Running(claim: claim, task: task, log: log)
        if isStoppingAll { task.cancel() }
    }

    private func definition(of run: RunRecord) async throws -> DAG {
        if let known = definitions[run.version] { return known }
        let dag = try await store.definition(of: run.dag, version: run.version)
        if definitions.count >= 200 { definitions = [:] }
        definitions[run.version] = dag
        return dag
    }

    private func stopWhatIsToStop() async {
        guard !running.isEmpty, !isLost else { return }
        do {
            for attempt in try await store.stoppingAttempts(of: id) {
                running[attempt]?.isStopping = true
                running[attempt]?.task.cancel()
            }
        } catch {
            logger.warning("stops could not be read", metadata: ["error": "\(error)"])
        }
    }
}

extension AttemptLaunch {
    /// Nil when the definition has no such task.
    convenience init?(_ claim: ClaimedAttempt, dag: DAG) {
        let start = claim.start
        guard let task = dag.tasks.first(where: { $0.id == start.instance.task }) else { return nil }
        self.init(
            attempt: start.attempt, epoch: start.attempt.rawValue >> 32, dag: dag, task: task,
            run: RunFacts(claim.run), mapIndex: start.instance.mapIndex, tryNumber: start.tryNumber,
            maxTries: start.maxTries, startedAt: start.startedAt)
    }
}
