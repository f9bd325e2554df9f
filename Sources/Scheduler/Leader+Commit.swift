import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import SchedulerCore

extension Leader {
    /// Commits what has gathered until nothing is left, and answers lookups in between.
    func commitLoop() async {
        while failure == nil {
            if queue.hasDecisions || spawns.isDue {
                await commitNext()
            } else if let lookup = queue.question {
                await answer(lookup)
            } else {
                break
            }
        }
        isCommitting = false
        wakeWaiters()
    }

    private func commitNext() async {
        let now = Timestamp.now()
        let changes = queue.nextBatch(limit: settings.batchLimit, now: now)
        goOn(at: now)
        let processes = spawns.take()
        if !changes.isEmpty || !processes.isEmpty {
            batchNumber += 1
            let batch = CommitBatch(epoch: epoch, number: batchNumber, changes: changes, processes: processes)
            guard await commit(batch) else { return }
            observer.committed(changes)
        }
        for action in queue.committed() { perform(action) }
    }

    /// Writes a batch, waiting for the database as long as it takes: the batch keeps its number, so one that was
    /// applied though its answer was lost is not applied twice.
    ///
    /// False when the epoch is over.
    private func commit(_ batch: CommitBatch) async -> Bool {
        var backoff = Backoff()
        while true {
            do {
                try await store.commit(batch)
                if backoff.hasWaited {
                    logger.notice("the database takes commits again")
                    observer.changed(.leading(epoch: epoch, dags: queue.core.dagCount))
                }
                return true
            } catch let error where store.isTransient(error) {
                if isStopping && backoff.attempts > 2 {
                    fail(error)
                    return false
                }
                if backoff.attempts == 0 {
                    logger.warning("commit failed, trying again", metadata: ["error": "\(error)"])
                    observer.changed(.waitingForDatabase(problem: "\(error)"))
                }
                await backoff.wait()
            } catch {
                fail(error)
                return false
            }
        }
    }

    private func perform(_ action: Action) {
        switch action {
        case .start(let attempt): start(attempt)
        case .stop(let attempt, let reason): stop(attempt, reason: reason)
        case .notify(let notification): notify(notification)
        case .removeLogs(let runs): retention.removeLogs(of: runs)
        case .findRuns, .findPrevious, .findRuntimes: break  // queued as a lookup when it was decided
        }
    }
}
