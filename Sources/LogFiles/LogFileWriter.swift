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

    /// Like ``flush()``, without holding a thread meanwhile.
    package func finish() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.drain()
                continuation.resume()
            }
        }
    }

    package var figures: Figures { waiting.withLock { $0.figures } }

    private func drain() {
        let (fresh, lines, dropped) = waiting.withLock { waiting in
            waiting.isScheduled = false
            defer {
                waiting.bytes = []
                waiting.lines = 0
            }
            return (waiting.bytes, waiting.lines, waiting.droppedUntold)
        }
        if !fresh.isEmpty {
            var rest = fresh
            do throws(OpenLog.Failure) {
                try write(&rest)
            } catch {
                keepForLater(rest, of: lines, torn: error.tornLines)
                return
            }
            waiting.withLock { $0.figures.written += lines }
        }
        if dropped > 0 {
            var told = Array(droppedRecord(dropped).line.utf8)
            do throws(OpenLog.Failure) {
                try write(&told)
                waiting.withLock { $0.droppedUntold -= dropped }
            } catch {
                // The line is made anew when it can be written.
                keepForLater([], of: 0, torn: 0)
            }
        }
    }

    private func droppedRecord(_ lines: Int) -> LogRecord {
        LogRecord(
            time: now(), level: .warning, label: "log", message: "log lines dropped", metadata: ["lines": "\(lines)"])
    }

    private func write(_ lines: inout [UInt8]) throws(OpenLog.Failure) {
        try disk.withLock { disk throws(OpenLog.Failure) in
            do throws(OpenLog.Failure) {
                try disk.log.append(&lines, now: now())
                disk.isFailing = false
            } catch {
                if !disk.isFailing {
                    let why = String(cString: strerror(error.code))
                    complain("the log \(name) cannot be \(error.action) (\(why)): lines wait, and are lost if it lasts")
                }
                disk.isFailing = true
                throw error
            }
        }
    }

    /// Puts back what could not be written, as far as there is room, and tries again after a pause.
    private func keepForLater(_ rest: [UInt8], of lines: Int, torn: Int) {
        let newline = UInt8(ascii: "\n")
        let left = rest.count { $0 == newline }
        waiting.withLock { waiting in
            let room = max(0, bufferBytes - waiting.bytes.count)
            let kept =
                rest.count <= room ? rest[...] : rest[..<(rest[..<room].lastIndex(of: newline).map { $0 + 1 } ?? 0)]
            let keptLines = kept.count { $0 == newline }
            waiting.bytes.insert(contentsOf: kept, at: 0)
            waiting.lines += keptLines
            waiting.droppedUntold += left - keptLines + torn
            waiting.figures.dropped += left - keptLines + torn
            waiting.figures.written += lines - left - torn
            waiting.figures.failures += 1
            // While one attempt is due, callers start no other.
            waiting.isScheduled = true
        }
        queue.asyncAfter(deadline: .now() + retryPause) { self.drain() }
    }

    /// Writes a line to standard error.
    package static func standardError(_ text: String) {
        let line = Array("cryptoflow: \(text)\n".utf8)
        _ = Glibc.write(2, line, line.count)
    }
}
