package import CivilTime
package import Dispatch
import Glibc
import Logging
import Synchronization

/// Writes one log file from any number of callers, none of whom it ever makes wait.
///
/// Lines gather in a bounded buffer and are written on a queue of its own. What finds no room is dropped and counted; the
/// log says so as soon as it can be written again. A disk that is full, or a folder that is gone, is told once; lines
/// wait for it as far as the buffer goes.
package final class LogFileWriter: Sendable {
    /// How writing goes.
    package struct Figures: Sendable, Hashable {
        package var written = 0
        /// Lines that found no room.
        package var dropped = 0
        /// Times that the file could not be written.
        package var failures = 0
    }

    private struct Waiting {
        var bytes: [UInt8] = []
        var lines = 0
        var isScheduled = false
        var droppedUntold = 0
        var figures = Figures()
    }

    /// Used on the queue only, so that its lock is always free.
    private struct Disk {
        var log: OpenLog
        var unwritten: [UInt8] = []
        var isFailing = false
    }

    private let name: String
    private let bufferBytes: Int
    private let retryPause: DispatchTimeInterval
    private let now: @Sendable () -> Timestamp
    private let complain: @Sendable (String) -> Void
    private let queue: DispatchQueue
    private let waiting = Mutex(Waiting())
    private let disk: Mutex<Disk>

    /// - Parameters:
    ///   - folder: made when it is missing and its parent is there.
    ///   - bufferBytes: how much may wait.
    ///   - complain: told in a sentence when writing fails, once for each time that it begins to.
    package init(
        folder: String, log: LogFile, retention: LogRetention = LogRetention(), bufferBytes: Int = 4 << 20,
        retryPause: DispatchTimeInterval = .seconds(1), now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        complain: @escaping @Sendable (String) -> Void = LogFileWriter.standardError
    ) {
        name = log.path(in: folder)
        self.bufferBytes = bufferBytes
        self.retryPause = retryPause
        self.now = now
        self.complain = complain
        queue = DispatchQueue(label: "log.\(log.rawValue)", qos: .utility)
        disk = Mutex(Disk(log: OpenLog(folder: folder, log: log, retention: retention)))
    }

    /// Takes a record; returns at once.
    package func append(_ record: LogRecord) {
        let line = record.line
        let isFirst = waiting.withLock { waiting in
            guard waiting.bytes.count + line.utf8.count <= bufferBytes else {
                waiting.droppedUntold += 1
                waiting.figures.dropped += 1
                return false
            }
            waiting.bytes += line.utf8
            waiting.lines += 1
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        if isFirst { queue.async { self.drain() } }
    }

    /// Waits until what was appended before is written, or cannot be.
    ///
    /// It blocks: for the end of a program, and for tests.
    package func flush() { queue.sync { drain() } }

    package var figures: Figures { waiting.withLock { $0.figures } }

    private func drain() {
        let (fresh, lines) = waiting.withLock { waiting in
            waiting.isScheduled = false
            if waiting.droppedUntold > 0 {
                let record = LogRecord(
                    time: now(), level: .warning, label: "log", message: "log lines dropped",
                    metadata: ["lines": "\(waiting.droppedUntold)"])
                waiting.bytes += record.line.utf8
                waiting.droppedUntold = 0
            }
            defer {
                waiting.bytes = []
                waiting.lines = 0
            }
            return (waiting.bytes, waiting.lines)
        }
        let failure = disk.withLock { disk -> OpenLog.Failure? in
            disk.unwritten += fresh
            guard !disk.unwritten.isEmpty else { return nil }
            do throws(OpenLog.Failure) {
                try disk.log.append(&disk.unwritten, now: now())
                disk.isFailing = false
                return nil
            } catch {
                if !disk.isFailing {
                    let why = String(cString: strerror(error.code))
                    complain("the log \(name) cannot be \(error.action) (\(why)): lines wait, and are lost if it lasts")
                }
                disk.isFailing = true
                return error
            }
        }
        guard failure != nil else {
            waiting.withLock { $0.figures.written += lines }
            return
        }
        keepForLater()
    }

    /// Puts back what could not be written, as far as there is room, and tries again after a pause.
    private func keepForLater() {
        let kept = disk.withLock { disk in
            defer { disk.unwritten = [] }
            return disk.unwritten
        }
        waiting.withLock { waiting in
            waiting.figures.failures += 1
            if kept.count + waiting.bytes.count <= bufferBytes {
                waiting.bytes.insert(contentsOf: kept, at: 0)
                waiting.lines += kept.count { $0 == UInt8(ascii: "\n") }
            } else {
                let lost = kept.count { $0 == UInt8(ascii: "\n") }
                waiting.droppedUntold += lost
                waiting.figures.dropped += lost
            }
            // While one attempt is due, callers start no other.
            waiting.isScheduled = true
        }
        queue.asyncAfter(deadline: .now() + retryPause) { self.drain() }
    }

    /// Writes a line to standard error.
    package static func standardError(_ text: String) {
        let line = Array("cryptoflow: \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}
