import Glibc

/// Reads what is added to a log, also across rotations.
package struct LogFollower: Sendable {
    private let path: String
    private let query: LogQuery
    private var inode: UInt64?
    private var offset = 0

    /// Begins at the end of the log as it is now.
    package init(folder: String, query: LogQuery) {
        path = query.file.path(in: folder)
        self.query = query
        if let facts = LogFolder.facts(path) {
            inode = facts.inode
            offset = facts.bytes
        }
    }

    /// Where it goes on: what is before that can be searched for; nil while there is no log.
    package var place: LogCursor? { inode.map { LogCursor(inode: $0, offset: offset) } }

    /// The records that were added since the last call, oldest first.
    ///
    /// Of a file that was put aside in between, what was added before is missed only if two rotations lie between calls.
    package mutating func news() -> [LogRecord] {
        guard let facts = LogFolder.facts(path) else { return [] }
        var records: [LogRecord] = []
        if let inode, inode != facts.inode {
            let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            if let old = LogFolder.rotated(query.file, in: folder).last(where: { $0.inode == inode }) {
                records += read("\(folder)/\(old.name)")
            }
            offset = 0
        }
        inode = facts.inode
        return records + read(path)
    }

    private mutating func read(_ path: String) -> [LogRecord] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var records: [LogRecord] = []
        let matcher = LogMatcher(query)
        while true {
            let count = pread(file, &bytes, bytes.count, off_t(offset))
            // A line that is not whole yet is read next time.
            guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) else { return records }
            for line in bytes[...end].split(separator: UInt8(ascii: "\n")) {
                if let record = matcher.record(line) { records.append(record) }
            }
            offset += end + 1
        }
    }
}
