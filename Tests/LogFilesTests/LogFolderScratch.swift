import CivilTime
import Dispatch
import FoundationEssentials
import Logging
import Synchronization

@testable import LogFiles

/// A folder for logs that is gone afterwards.
func withLogFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "logs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}

/// A clock that stands until it is moved, and what a writer complains of.
final class Bench: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))
    private let said = Mutex<[String]>([])

    var now: Timestamp { time.withLock { $0 } }
    var complaints: [String] { said.withLock { $0 } }

    func pass(_ duration: Duration) { time.withLock { $0 += duration } }
    func complain(_ text: String) { said.withLock { $0.append(text) } }

    func writer(
        _ folder: String, _ log: LogFile = .server, retention: LogRetention = LogRetention(), bufferBytes: Int = 1 << 20
    ) -> LogFileWriter {
        LogFileWriter(
            folder: folder, log: log, retention: retention, bufferBytes: bufferBytes, retryPause: .milliseconds(1),
            now: { self.now }, complain: { self.complain($0) })
    }

    func record(_ message: String, _ level: Logger.Level = .info, _ metadata: [String: String] = [:]) -> LogRecord {
        LogRecord(time: now, level: level, label: "test", message: message, metadata: metadata)
    }
}

extension LogPage {
    var messages: [String] { records.map(\.message) }
}
