import CivilTime

/// When a log file is put aside, and which old ones go.
package struct LogRetention: Sendable, Hashable {
    /// A file is put aside when it is at least this long, and when a new day begins (UTC).
    package var fileBytes = 10 << 20
    /// So many old files are kept at most.
    package var files = 14
    /// All files of a log together, as near as whole files allow.
    package var totalBytes = 100 << 20

    package init() {}

    /// - Parameters:
    ///   - day: of the file's first line, `2026-11-26`.
    func isDue(bytes: Int, day: String, now: Timestamp) -> Bool {
        bytes > 0 && (bytes >= fileBytes || day != Self.day(now))
    }

    /// The old files that go.
    ///
    /// - Parameters:
    ///   - old: the rotated files, oldest first.
    ///   - current: the length of the file in use.
    func surplus(_ old: [(name: String, bytes: Int)], current: Int) -> [String] {
        var kept = 0
        var total = current
        var gone: [String] = []
        for file in old.reversed() {
            total += file.bytes
            kept += 1
            if kept > files || total > totalBytes { gone.append(file.name) }
        }
        return gone.reversed()
    }

    static func day(_ time: Timestamp) -> String { String(time.iso8601.prefix(10)) }

    /// `20261126T231530Z`.
    static func stamp(_ time: Timestamp) -> String {
        String(time.iso8601.prefix(19)).replacing("-", with: "").replacing(":", with: "") + "Z"
    }
}
