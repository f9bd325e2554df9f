package import CivilTime

/// A collector's status as its worker wrote it last: for pages and commands of other processes.
package struct CollectorReading: Sendable, Hashable {
    package let worker: String
    package var status: CollectorStatus
    /// The REST address that the worker asks; empty when it asks none.
    package var restURL: String
    /// Trades that the worker has stored since its start, and those that were there already.
    package var stored: Int
    package var duplicates: Int
    /// How long its last commit of trades took.
    package var commitSeconds: Double?
    /// When it wrote this, by the database's clock.
    package var updatedAt: Timestamp
    /// Not written for ten seconds: the worker is gone or cut off, whatever the state says.
    package var isSilent: Bool

    package init(
        worker: String, status: CollectorStatus, restURL: String = "", stored: Int = 0, duplicates: Int = 0,
        commitSeconds: Double? = nil, updatedAt: Timestamp, isSilent: Bool = false
    ) {
        self.worker = worker
        self.status = status
        self.restURL = restURL
        self.stored = stored
        self.duplicates = duplicates
        self.commitSeconds = commitSeconds
        self.updatedAt = updatedAt
        self.isSilent = isSilent
    }
}
