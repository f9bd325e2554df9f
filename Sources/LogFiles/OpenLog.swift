import CivilTime
import Glibc

/// A log file as one process has it open.
///
/// Several processes may append to it and rotate it: every write is whole lines with O_APPEND, and whoever rotates holds
/// the file's lock.
struct OpenLog {
    let folder: String
    let log: LogFile
    let retention: LogRetention
    private var file: Int32 = -1
    private var inode: UInt64 = 0
    private var bytes = 0
    /// Of the first line.
    private var day = ""
    /// Whether the last write ended within a line.
    private var isTorn = false

    init(folder: String, log: LogFile, retention: LogRetention) {
        self.folder = folder
        self.log = log
        self.retention = retention
    }

    struct Failure: Error {
        let code: Int32
        let action: String
        /// Lines that are lost because only their beginning was written.
        var tornLines = 0
    }

    /// Appends lines, in the file that has the log's name now.
    ///
    /// - Parameter lines: whole lines; what could be written is removed from it, also when this throws.
    mutating func append(_ lines: inout [UInt8], now: Timestamp) throws(Failure) {
        try followName(now)
        if retention.isDue(bytes: bytes, day: day, now: now) {
            rotate(now)
            try followName(now)
        }
        // Ends the line that a full disk cut short.
        if isTorn { lines.insert(UInt8(ascii: "\n"), at: 0) }
        while !lines.isEmpty {
            let count = lines.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 {
                let code = errno
                throw Failure(code: code, action: "written", tornLines: dropTornLine(from: &lines))
            }
            isTorn = lines[count - 1] != UInt8(ascii: "\n")
            bytes += count
            lines.removeFirst(count)
        }
    }

    /// The rest of a line whose beginning was written says nothing by itself.
    private func dropTornLine(from lines: inout [UInt8]) -> Int {
        guard isTorn, let end = lines.firstIndex(of: UInt8(ascii: "\n")) else { return 0 }
        lines.removeFirst(end + 1)
        return 1
    }

    mutating func close() {
        if file >= 0 { Glibc.close(file) }
        file = -1
    }

    private var path: String { log.path(in: folder) }

    /// Opens the file that has the name now: another process may have put the old one aside.
    private mutating func followName(_ now: Timestamp) throws(Failure) {
        let named = LogFolder.facts(path)
        if file >= 0, let named, named.inode == inode {
            bytes = named.bytes
            return
        }
        close()
        let opened = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard opened >= 0 else { throw Failure(code: errno, action: "opened") }
        guard let facts = LogFolder.facts(of: opened) else {
            let code = errno
            Glibc.close(opened)
            throw Failure(code: code, action: "opened")
        }
        file = opened
        inode = facts.inode
        bytes = facts.bytes
        day = bytes == 0 ? LogRetention.day(now) : Self.firstDay(path) ?? LogRetention.day(now)
        isTorn = false
    }

    /// Gives the file a name with the date; only one process gets to do it.
    private mutating func rotate(_ now: Timestamp) {
        // The next append opens what has the name then; until it succeeds this file stays in use.
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return }
        defer { flock(file, LOCK_UN) }
        guard let named = LogFolder.facts(path), named.inode == inode else { return }
        for number in 0..<100 {
            let name = log.rotatedName(at: LogRetention.stamp(now), number: number)
            // A link is never put over another file, as a rename would be.
            if link(path, "\(folder)/\(name)") == 0 {
                unlink(path)
                break
            }
            guard errno == EEXIST else { return }
        }
        let old = LogFolder.rotated(log, in: folder).map { (name: $0.name, bytes: $0.bytes) }
        for name in retention.surplus(old, current: 0) { unlink("\(folder)/\(name)") }
    }

    private static func firstDay(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        var head = [UInt8](repeating: 0, count: 64)
        let count = read(file, &head, head.count)
        guard count > 0, let time = LogLine.time(head[..<count]) else { return nil }
        return String(String(decoding: time, as: UTF8.self).prefix(10))
    }
}

/// What can be told of a line without reading its JSON: see ``LogRecord``.
enum LogLine {
    private static let head = Array("{\"time\":\"".utf8)
    private static let between = Array("\",\"level\":\"".utf8)

    /// The 27 bytes of the time; they compare as the times do.
    static func time(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard line.count >= head.count + 27, line.starts(with: head) else { return nil }
        let start = line.startIndex + head.count
        return line[start..<(start + 27)]
    }

    static func level(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let start = line.startIndex + head.count + 27
        guard line.endIndex > start + between.count, line[start...].starts(with: between) else { return nil }
        let level = line[(start + between.count)...]
        return level.firstIndex(of: UInt8(ascii: "\"")).map { level[..<$0] }
    }
}
