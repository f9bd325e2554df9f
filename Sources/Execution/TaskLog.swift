import CivilTime
package import DAGModel
import Glibc
import Synchronization

/// The log of one try: lines of ours with time and level, and a child's output as it came.
///
/// The file is made by the first line, so a task that says nothing costs nothing. It is appended to and never fsynced:
/// a log is not worth delaying commits for. A log that cannot be written does not fail the task.
package final class TaskLog: Sendable {
    package enum Level: String, Sendable {
        case info = "INFO"
        case warning = "WARNING"
        case error = "ERROR"
    }

    /// The file's absolute path; there is no file before the first line.
    package let path: String
    private let descriptor = Mutex<Int32>(-1)
    private let mask: Mutex<SecretMask>

    /// - Parameter mask: what our lines must not show. A child's output goes straight to the file: readers mask that.
    package init(path: String, mask: SecretMask = SecretMask()) {
        self.path = path
        self.mask = Mutex(mask)
    }

    deinit {
        descriptor.withLock { if $0 >= 0 { close($0) } }
    }

    package func info(_ message: @autoclosure () -> String) { write(.info, message()) }
    package func warning(_ message: @autoclosure () -> String) { write(.warning, message()) }
    package func error(_ message: @autoclosure () -> String) { write(.error, message()) }

    /// Appends `2026-01-01T00:00:00.5Z INFO message`, secrets masked.
    ///
    /// Further lines of the message follow as they are.
    package func write(_ level: Level, _ message: String) {
        let line = "\(Timestamp.now().iso8601) \(level.rawValue) \(masked(message))\n"
        append(Array(line.utf8))
    }

    /// Adds a variable that the try has been given, should it be secret.
    func cover(variable name: String, _ text: String) {
        mask.withLock { $0.cover(variable: name, text) }
    }

    /// What of a text the history and people may see.
    package func masked(_ text: String) -> String { mask.withLock { $0 }.masked(text) }

    package func masked(_ value: JSONValue) -> JSONValue { mask.withLock { $0 }.masked(value) }

    /// Appends bytes as they are.
    package func append(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            if descriptor < 0 { descriptor = Self.open(path) }
            guard descriptor >= 0 else { return }
            var offset = 0
            bytes.withUnsafeBytes { buffer in
                while offset < buffer.count {
                    let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    offset += count
                }
            }
        }
    }

    /// Makes the log's folder, so that a child can open the file itself.
    package func makeFolder() {
        Self.makeFolder(of: path)
    }

    /// The file's present length in bytes; 0 when there is none.
    package var size: Int64 {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// The last line that is not blank from `offset` on, without trailing white space; nil when there is none.
    ///
    /// Looks at the last `limit` bytes only, and a longer line loses its beginning.
    package func lastLine(from offset: Int64, limit: Int = 1 << 20) -> String? {
        let end = size
        let start = max(offset, end - Int64(limit))
        guard end > start else { return nil }
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // The end alone is usually enough.
        var window = Int64(4096)
        while true {
            let from = max(start, end - window)
            var bytes = [UInt8](repeating: 0, count: Int(end - from))
            let count = pread(file, &bytes, bytes.count, off_t(from))
            guard count > 0 else { return nil }
            var line = bytes[..<count]
            while let last = line.last, last <= 0x20 { line.removeLast() }
            if let newline = line.lastIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: line[(newline + 1)...], as: UTF8.self)
            }
            if from == start { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            window *= 8
        }
    }

    private static func open(_ path: String) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        let descriptor = Glibc.open(path, flags, 0o644)
        guard descriptor < 0, errno == ENOENT else { return descriptor }
        makeFolder(of: path)
        return Glibc.open(path, flags, 0o644)
    }

    private static func makeFolder(of path: String) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o755) == 0 || errno != ENOENT { return }
        makeFolder(of: folder)
        mkdir(folder, 0o755)
    }
}
