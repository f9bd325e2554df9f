import CivilTime
import DAGModel
import Execution
import Logging
import RunStore
import SchedulerCore

/// A batch that was sent before the one before it was answered.
struct BatchAhead {
    let batch: CommitBatch
    /// Whether it is durable; false when the epoch is over.
    let answer: Task<Bool, Never>
}

extension Leader {
    /// Commits what has gathered until nothing is left, and answers lookups in between.
    func commitLoop() async {
        while failure == nil {
            if let next = ahead {
                ahead = nil
                isBatchUnderWay = true
                guard await next.answer.value else { break }
                committed(next.batch)
            } else if queue.hasDecisions || spawns.isDue {
                await gather()
                let batch = nextBatch(at: .now())
                if let batch {
                    isBatchUnderWay = true
                    guard await commit(batch) else { break }
                }
                committed(batch)
            } else if let lookup = queue.question {
                await answer(lookup)
            } else {
                break
            }
        }
        isBatchUnderWay = false
        isCommitting = false
        if heap.isDueAtRest() { HeapCare.trim() }
        wakeWaiters()
    }

    /// Lets the events that have come to this actor already be decided, so that they go along.
    ///
    /// Tasks that were started together end within the same few microseconds, and a commit costs as much as fifty changes
    /// whatever is in it. Where those that are still under way make a batch of their own, they had better be decided while the
    /// server has this one.
    private func gather() async {
        var gathered = -1
        while !attempts.isEmpty, queue.waitingChanges > gathered, queue.waitingChanges < settings.sendsAheadFrom,
            queue.waitingChanges < Self.worthACommit || attempts.count * Self.changesOfAnEnd < Self.worthACommit
        {
            gathered = queue.waitingChanges
            await letOthersGo()
        }
    }

    /// So many changes go to the server though others could still join them.
    private static let worthACommit = 64
    /// The try that ended and, in a chain, the one that starts.
    private static let changesOfAnEnd = 2

    /// Sends a second batch before the first is answered, once it is worth one: so the server need not wait for the leader.
    func sendAhead(at now: Timestamp) {
        guard isBatchUnderWay, ahead == nil, failure == nil, queue.waitingChanges >= settings.sendsAheadFrom,
            let batch = nextBatch(at: now)
        else { return }
        // The commit loop waits for it.
        ahead = BatchAhead(batch: batch, answer: Task { await self.commit(batch) })
    }

    /// Nil when nothing is to be written: there are only actions.
    private func nextBatch(at now: Timestamp) -> CommitBatch? {
        let changes = queue.nextBatch(limit: settings.batchLimit, now: now)
        timer?.arm(for: queue.nextWake, now: now)
        let processes = spawns.take()
        if changes.isEmpty && processes.isEmpty { return nil }
        batchNumber += 1
        return CommitBatch(epoch: epoch, number: batchNumber, changes: changes, processes: processes)
    }

    /// What was decided is durable: now it is told and done.
    private func committed(_ batch: CommitBatch?) {
        isBatchUnderWay = false
        let actions = queue.committed()
        tellIfReady()
        if let batch {
            durableBatch = batch.number
            heap.wrote(changes: batch.changes.count)
            if ahead != nil { wakeWaiters() }
            observer.committed(batch.changes)
        }
        for action in actions { perform(action) }
    }

    /// Tells that this scheduler leads once everything decided so far is committed: whoever hears of it may ask for the DAGs.
    func tellWhenCommitted() {
        readyAfter = queue.madeCount
        tellIfReady()
    }

    private func tellIfReady() {
        guard let needed = readyAfter, queue.committedCount >= needed else { return }
        readyAfter = nil
        observer.changed(.leading(epoch: epoch, dags: queue.dagCount))
    }

    /// Writes a batch, waiting for the database as long as it takes: the batch keeps its number, so one that was
    /// applied though its answer was lost is not applied twice.
    ///
    /// False when the epoch is over.
    private func commit(_ batch: CommitBatch) async -> Bool {
        var backoff = Backoff()
        while true {
            do {
                try await withTaskExecutorPreference(ownQueue) { [store] in try await store.commit(batch) }
                if backoff.hasWaited {
                    logger.notice("the database takes commits again")
                    if readyAfter == nil { observer.changed(.leading(epoch: epoch, dags: queue.dagCount)) }
                }
                return true
            } catch let error where durableBatch < batch.number - 1 && (Self.isEarly(error) || store.isTransient(error))
            {
                // The one before it fared no better, says so, and goes first.
                isBatchUnderWay = false
                while durableBatch < batch.number - 1, failure == nil { await pause() }
                if failure != nil { return false }
            } catch let error where store.isTransient(error) {
                if isStopping && backoff.attempts > 2 {
                    fail(error)
                    return false
                }
                isBatchUnderWay = false
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

    private static func isEarly(_ error: any Error) -> Bool {
        if case RunStoreError.early = error { true } else { false }
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
