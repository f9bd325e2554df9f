/// The statements that a connection has prepared, by SQL text; the least recently used ones go when there are too many.
struct PreparedStatements {
    struct Entry {
        let name: String
        /// The parameters' types it was prepared with.
        let types: [UInt32]
        fileprivate var lastUse: UInt64
    }

    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0
    private let limit: Int
    /// Names that the server still has and that nobody will use again.
    private(set) var discarded: [String] = []

    init(limit: Int) { self.limit = max(limit, 1) }

    var count: Int { entries.count }

    /// The entry for `sql`, if it was prepared with just these parameter types.
    mutating func entry(for statement: PostgresStatement) -> Entry? {
        guard let index = entries.index(forKey: statement.sql) else { return nil }
        let types = entries.values[index].types
        guard types.count == statement.parameters.count,
            zip(types, statement.parameters).allSatisfy({ $0 == type(of: $1).postgresType.rawValue })
        else {
            discard(statement.sql)
            return nil
        }
        uses += 1
        entries.values[index].lastUse = uses
        return entries.values[index]
    }

    /// A name and the types for a statement about to be prepared.
    mutating func newEntry(for statement: PostgresStatement) -> Entry {
        names += 1
        uses += 1
        let types = statement.parameters.map { type(of: $0).postgresType.rawValue }
        return Entry(name: "s\(names)", types: types, lastUse: uses)
    }

    /// Keeps an entry that the server has prepared.
    mutating func insert(_ entry: Entry, for sql: String) {
        if let old = entries.updateValue(entry, forKey: sql) { discarded.append(old.name) }
        if entries.count > limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            discard(oldest.key)
        }
    }

    /// Forgets a statement; the server's copy goes at the next opportunity.
    ///
    /// - Parameter isOnServer: false when the server has said that it does not know it.
    mutating func discard(_ sql: String, isOnServer: Bool = true) {
        if let entry = entries.removeValue(forKey: sql), isOnServer { discarded.append(entry.name) }
    }

    /// The discarded names, which the caller now removes from the server.
    mutating func takeDiscarded() -> [String] {
        defer { discarded = [] }
        return discarded
    }
}
