/// How a worker works.
package struct WorkerSettings: Sendable {
    /// Whom the history names; unique among those running is best.
    package var name: String
    /// The queues it serves, the preferred first.
    package var queues: [String]
    /// Tries at once, at most.
    package var concurrency: Int
    /// How long it may be cut off from the database before its tries are lost.
    ///
    /// A quarter of it lies between heartbeats.
    package var ttl = Duration.seconds(20)
    /// How long tries may go on after it was asked to drain; nil for as long as they take.
    package var drainTimeout: Duration?
    /// How often queues are looked at though nothing announced anything.
    package var rereadInterval = Duration.seconds(30)
    /// How often what tasks have written to their logs is stored.
    package var logInterval = Duration.seconds(1)

    /// Of the time to live: when a worker that had no answer stops its tries, and when its guard kills what is left.
    static let (cutOff, killed) = (0.65, 0.85)
    /// Of the time to live: when a worker whose tries have not ended by then ends itself.
    static let overdue = 0.95
    /// Of the time to live: what a task's processes get between TERM and KILL, at most.
    static let grace = 0.1

    package init(name: String, queues: [String], concurrency: Int) {
        self.name = name
        self.queues = queues
        self.concurrency = concurrency
    }
}

/// What others may see of a worker at work.
package protocol WorkerObserver: Sendable {
    func changed(_ status: WorkerStatus)
}
