import DAGModel
import Execution
import Logging
import RunStore
import SchedulerCore

/// Telling the store how tries ended, and what they write meanwhile.
extension WorkerSession {
    func finished(_ end: AttemptEnd) {
        guard let entry = running.removeValue(forKey: end.attempt) else { return }
        if !isLost {
            var end = end
            if isStoppingAll, !entry.isStopping, end.state == .failed {
                end = AttemptEnd(
                    attempt: end.attempt, state: .lost, reason: "its worker \(settings.name) was stopped",
                    exitCode: end.exitCode, isInterrupted: true)
            }
            end.takenAt = entry.claim.claimedAt
            ended.append(Ended(claim: entry.claim, end: end, log: entry.log))
            wakeReports?.yield()
            wakeClaims?.yield()
        }
        settle()
    }

    func reportAll() async {
        let limit = 200
        while !ended.isEmpty, !isLost {
            let batch = Array(ended.prefix(limit))
            // Of a copy each: a report that has to be repeated reads them again.
            let pieces = batch.flatMap { entry in
                var log = entry.log
                return log.pieces(of: entry.end.attempt, isLast: true)
            }
            do {
                let accepted = try await store.report(id, ends: batch.map(\.end), logs: pieces)
                guard !isLost else { return }
                ended.removeFirst(batch.count)
                for entry in batch {
                    let end = entry.end
                    if accepted.contains(end.attempt) {
                        observer.changed(.ended(entry.claim, state: end.state.rawValue, reason: end.reason))
                    } else {
                        // Dealt with already, or not this worker's any more: then a heartbeat will say so.
                        logger.notice("an end was not wanted", metadata: ["attempt.id": "\(end.attempt)"])
                        wakeHeart?.yield()
                    }
                }
                settle()
            } catch let error where store.isTransient(error) {
                logger.warning("ends could not be reported", metadata: ["error": "\(error)"])
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            } catch {
                // Given up together with this start: nothing is reported any more.
                guard !isLost, !Task.isCancelled else { return }
                // Something in them cannot be stored: say that instead, one by one, so that the others get through.
                logger.error("ends were refused", metadata: ["error": "\(error)"])
                for index in batch.indices { ended[index] = ended[index].replaced(by: "\(error)") }
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            }
        }
    }

    func shipNowAndThen() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: settings.logInterval) } catch { return }
            var pieces: [LogPiece] = []
            for attempt in running.keys.sorted() {
                pieces += running[attempt]?.log.pieces(of: attempt, isLast: false) ?? []
                if pieces.count >= 200 { break }
            }
            guard !pieces.isEmpty, !isLost else { continue }
            do {
                try await store.ship(id, logs: pieces)
            } catch {
                // The same bytes are sent again.
                for piece in pieces {
                    running[piece.attempt]?.log.takeBack(piece)
                    for index in ended.indices where ended[index].end.attempt == piece.attempt {
                        ended[index].log.takeBack(piece)
                    }
                }
                logger.warning("logs could not be stored", metadata: ["error": "\(error)"])
            }
        }
    }
}
