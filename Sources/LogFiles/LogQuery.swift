package import CivilTime
package import Logging

/// Which records of a log to find.
package struct LogQuery: Sendable, Hashable {
    package var file: LogFile
    /// Records of `since ..< until`; nil for no bound.
    package var since: Timestamp?
    package var until: Timestamp?
    /// Nil for every level.
    package var level: Logger.Level?
    /// Records about this exchange: their metadata `exchange` or `exchange.name` says so, or a part of their label.
    package var exchange: String?
    /// Found in the message, the label or the metadata, whatever the case.
    package var text: String?
    package var limit: Int
    /// Only records before this place: ``LogPage/next``.
    package var before: LogCursor?

    package static let mostRecords = 1_000

    package init(
        file: LogFile = .server, since: Timestamp? = nil, until: Timestamp? = nil, level: Logger.Level? = nil,
        exchange: String? = nil, text: String? = nil, limit: Int = 100, before: LogCursor? = nil
    ) {
        self.file = file
        self.since = since
        self.until = until
        self.level = level
        self.exchange = exchange
        self.text = text
        self.limit = min(max(limit, 1), Self.mostRecords)
        self.before = before
    }
}

/// A place in a log; it stays right when the file is given another name.
package struct LogCursor: Sendable, Hashable, CustomStringConvertible {
    let inode: UInt64
    let offset: Int

    init(inode: UInt64, offset: Int) {
        self.inode = inode
        self.offset = offset
    }

    /// Reads ``description`` back; nil when it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let inode = UInt64(parts[0]), let offset = Int(parts[1]), offset >= 0 else {
            return nil
        }
        self.init(inode: inode, offset: offset)
    }

    package var description: String { "\(inode)-\(offset)" }
}

/// Records found, newest first.
package struct LogPage: Sendable, Hashable {
    package let records: [LogRecord]
    /// Where older ones may be; nil at the end.
    package let next: LogCursor?
    /// Whether the search ended because it had read or taken too much: ``next`` goes on.
    package let isCutShort: Bool
}
