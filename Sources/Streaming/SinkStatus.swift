package import CivilTime
import Synchronization

/// What a sink has done since its start, for status pages and metrics.
package struct SinkStatus: Sendable, Hashable {
    /// The sink's name: trades, orderbooks, latest, dead_letters.
    package let name: String
    /// Rows that were new.
    package var stored = 0
    /// Rows that were there already.
    package var duplicates = 0
    /// Messages given up: books that waited too long, trades that the database refuses as data.
    package var dropped = 0
    /// Commits so far.
    package var commits = 0
    /// Batches taken from the bus, and those done with.
    package var batchesTaken = 0
    package var batchesDone = 0
    /// Commits that failed and were tried again.
    package var retries = 0
    /// How long the last commit took, in seconds.
    package var lastCommitSeconds: Double?
    /// When the last commit ended.
    package var lastCommitAt: Timestamp?
    /// What keeps it from storing at present; nil when nothing does.
    package var problem: String?
    /// Messages that wait for the sink in the bus, and messages that were shed because it was slow.
    package var waiting = 0
    package var shed = 0

    package init(name: String) { self.name = name }
}

/// The figures of one sink, written by it and read by whoever shows them.
package final class SinkFigures: Sendable {
    private let status: Mutex<SinkStatus>

    init(name: String) { status = Mutex(SinkStatus(name: name)) }

    /// The figures at this moment.
    package var now: SinkStatus { status.withLock { $0 } }

    func update(_ change: (inout SinkStatus) -> Void) { status.withLock { change(&$0) } }

    func committed(stored: Int, duplicates: Int = 0, took: Duration) {
        update { status in
            status.stored += stored
            status.duplicates += duplicates
            status.commits += 1
            status.lastCommitSeconds = Double(took.wholeMicroseconds) / 1_000_000
            status.lastCommitAt = .now()
            status.problem = nil
        }
    }

    func failed(_ problem: String) {
        update { status in
            status.retries += 1
            status.problem = problem
        }
    }
}

/// Pauses between tries: they double up to a limit, each shortened at random by up to a half.
struct RetryPause: Sendable {
    private let first: Duration
    private let limit: Duration
    private var current: Duration

    init(first: Duration = .milliseconds(50), limit: Duration = .seconds(5)) {
        self.first = first
        self.limit = limit
        current = first
    }

    mutating func next() -> Duration {
        defer { current = min(current * 2, limit) }
        return current * Double.random(in: 0.5...1)
    }

    mutating func reset() { current = first }
}
