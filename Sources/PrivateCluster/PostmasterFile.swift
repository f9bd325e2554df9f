import Glibc

/// What PostgreSQL tells of itself in `postmaster.pid` (lines as in its pidfile.h).
struct PostmasterFile: Sendable, Hashable {
    /// Line 1: the postmaster's process id.
    let processID: pid_t
    /// Line 5: the first socket folder; empty while not yet known.
    let socketFolder: String
    /// Line 8: "starting", "stopping", "ready" or "standby"; empty while not yet known.
    let status: String

    /// Reads it from a data directory; nil when there is none or it is not yet written.
    init?(dataDirectory: String) {
        guard let text = FileSystem.read(Self.path(in: dataDirectory)) else { return nil }
        self.init(text: text)
    }

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let id = pid_t(first), id > 0 else { return nil }
        processID = id
        socketFolder = lines.count > 4 ? String(lines[4]) : ""
        status = lines.count > 7 ? String(lines[7].prefix { $0 != " " }) : ""
    }

    static func path(in dataDirectory: String) -> String { dataDirectory + "/postmaster.pid" }
}
