import ActorQueues
import CivilTime
import Dispatch
import Glibc

/// Finds records in a log and its rotated files, newest first, within bounds of time and bytes.
package actor LogSearch {
    private let executor = QueueExecutor(label: "log.search", qos: .utility)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated let folder: String
    private let mostBytes: Int
    private let patience: Duration

    /// - Parameters:
    ///   - folder: the home's folder of logs.
    ///   - mostBytes: read for one page at most.
    ///   - patience: how long one page may take.
    package init(folder: String, mostBytes: Int = 64 << 20, patience: Duration = .seconds(2)) {
        self.folder = folder
        self.mostBytes = mostBytes
        self.patience = patience
    }

    /// Whether there is such a folder at all.
    package nonisolated var exists: Bool { access(folder, R_OK | X_OK) == 0 }

    /// A page of records.
    ///
    /// A folder or file that is not there has none.
    package func page(_ query: LogQuery) -> LogPage {
        let matcher = LogMatcher(query)
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var records: [LogRecord] = []
        var bytes = 0
        for (path, end) in files(query) {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0, let facts = LogFolder.facts(of: file) else { continue }
            defer { close(file) }
            var lines = BackwardLines(file: file, end: end)
            var count = 0
            while let (line, start) = lines.next() {
                if matcher.isPast(line) { return LogPage(records: records, next: nil, isCutShort: false) }
                if let record = matcher.record(line) { records.append(record) }
                let place = LogCursor(inode: facts.inode, offset: start)
                if records.count == query.limit { return LogPage(records: records, next: place, isCutShort: false) }
                count += 1
                if bytes + lines.bytesRead > mostBytes || (count % 256 == 0 && clock.now > deadline) {
                    return LogPage(records: records, next: place, isCutShort: true)
                }
            }
            bytes += lines.bytesRead
        }
        return LogPage(records: records, next: nil, isCutShort: false)
    }

    /// The files to read, newest first, and where to begin in each; nil for its end.
    private func files(_ query: LogQuery) -> [(path: String, end: Int?)] {
        var files = LogFolder.rotated(query.file, in: folder).reversed().map { ("\(folder)/\($0.name)", $0.inode) }
        let current = query.file.path(in: folder)
        if let facts = LogFolder.facts(current) { files.insert((current, facts.inode), at: 0) }
        var begin: Int?
        if let before = query.before {
            // A file that has been removed meanwhile was the oldest: nothing is left behind it.
            guard let place = files.firstIndex(where: { $0.1 == before.inode }) else { return [] }
            files.removeFirst(place)
            begin = before.offset
        }
        if let since = query.since {
            // A name says when its file was put aside; everything in it is older.
            let stamp = "\(folder)/\(query.file.rawValue)-\(LogRetention.stamp(since - .seconds(60)))"
            files.removeAll { path, _ in path != current && path < stamp }
        }
        return files.enumerated().map { ($1.0, $0 == 0 ? begin : nil) }
    }
}
