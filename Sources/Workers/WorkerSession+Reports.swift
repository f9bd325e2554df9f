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

    // One message after the other, whatever it tells: a piece of a log that arrived after the report of its try's end would
    // find nothing that it belongs to.

    /// Tells what there is to tell: ends first, then a round of the logs that are due.
    func reportAndShip() async {
        repeat { await reportAll() } while await shipSome()
    }

    private static let endsAtOnce = 200
    /// Bytes of logs after which a message is long enough.
    static let bytesAtOnce = 8 << 20

    /// The oldest ends whose logs fit into one message, one at least and `limit` at most.
    private func nextReport(limit: Int) -> (ends: [Ended], pieces: [LogPiece]) {
        var ends: [Ended] = []
        var pieces: [LogPiece] = []
        var bytes = 0
        for entry in ended.prefix(limit) {
            // Of a copy: a report that has to be repeated reads it again.
            var log = entry.log
            let last = log.pieces(of: entry.end.attempt, isLast: true)
            bytes += last.reduce(0) { $0 + $1.content.count }
            if !ends.isEmpty, bytes > Self.bytesAtOnce { break }
            ends.append(entry)
            pieces += last
        }
        return (ends, pieces)
    }

    private func reportAll() async {
        // How many of the oldest ends came back together, refused, and are told one by one.
        var single = 0
        while !ended.isEmpty, !isLost {
            let (batch, pieces) = nextReport(limit: single > 0 ? 1 : Self.endsAtOnce)
            do {
                let accepted = try await store.report(id, ends: batch.map(\.end), logs: pieces)
                guard !isLost else { return }
                ended.removeFirst(batch.count)
                single = max(single - 1, 0)
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
                if batch.count > 1 {
                    // Something in one of them cannot be stored: find out which, so that the others get through as they are.
                    logger.warning("ends were refused together", metadata: ["error": "\(error)"])
                    single = batch.count
                    continue
                }
                // Say that instead, after the others: should that be refused, too, it holds up none of them.
                logger.error("an end was refused", metadata: ["error": "\(error)"])
                ended.append(ended.removeFirst().replaced(by: "\(error)"))
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            }
        }
    }

    /// Makes the logs of all that runs due now and then.
    func remindOfLogs() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: settings.logInterval) } catch { return }
            // Everybody has a turn before anybody has another, however much the first ones write.
            if dueLogs.isEmpty { dueLogs = running.keys.sorted()[...] }
            if !dueLogs.isEmpty { wakeReports?.yield() }
        }
    }

    /// Stores one message of the logs that are due; false when that was the last of them, or it has to wait for the next turn.
    private func shipSome() async -> Bool {
        var pieces: [LogPiece] = []
        var bytes = 0
        while bytes < Self.bytesAtOnce, let attempt = dueLogs.popFirst() {
            for piece in running[attempt]?.log.pieces(of: attempt, isLast: false) ?? [] {
                bytes += piece.content.count
                pieces.append(piece)
            }
        }
        guard !pieces.isEmpty, !isLost else { return false }
        do {
            try await store.ship(id, logs: pieces)
            return !isLost && !(dueLogs.isEmpty && ended.isEmpty)
        } catch {
            // The same bytes are sent again: with the end of a try that has ended meanwhile.
            for piece in pieces {
                running[piece.attempt]?.log.takeBack(piece)
                for index in ended.indices where ended[index].end.attempt == piece.attempt {
                    ended[index].log.takeBack(piece)
                }
            }
            guard !Task.isCancelled else { return false }
            logger.warning("logs could not be stored", metadata: ["error": "\(error)"])
            return !ended.isEmpty
        }
    }
}
