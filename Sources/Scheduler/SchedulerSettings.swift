package import RunStore
package import SchedulerCore

/// How a scheduler process leads.
package struct SchedulerSettings: Sendable {
    package var core = CoreConfiguration()
    /// How long the lease lasts without renewal; a standby of another machine takes over after it.
    ///
    /// It is renewed twice in that time: a statement every two seconds is what a takeover within four costs.
    package var leaseTTL = Duration.seconds(4)
    /// How long after a foreign lease's end its attempts are taken for lost: its host may still be stopping them.
    ///
    /// Everything else goes on meanwhile.
    package var foreignGrace = Duration.seconds(5)
    /// How often a standby looks at the lease of another machine's leader.
    package var standbyInterval = Duration.seconds(1)
    /// Whether attempts are stopped when the lease may have run out, before the grace of a successor on another host ends.
    ///
    /// For a database that this host may lose while another still has it. With a local one nobody can take over while it
    /// is out of reach, so its tasks had better go on.
    package var stopsWithoutLease = false
    /// How often the DAG folder is looked at.
    package var rescanInterval = Duration.seconds(1)
    /// How often commands and flags are read again though nothing announced them.
    package var rereadInterval = Duration.seconds(30)
    /// How often workers are judged while there are any, or something waits for one.
    package var workerCheckInterval = Duration.seconds(5)
    /// The name of this machine: the death of its processes is seen at once.
    package var hostName = ""
    /// How long the attempts under way get to stop when the scheduler stops.
    package var stopGrace = Duration.milliseconds(2_500)
    /// Notifications under way at once.
    package var deliveriesAtOnce = 8
    /// The most changes a commit gathers.
    package var batchLimit = 500
    /// How many changes have to wait for a batch to be sent while the one before is not answered yet.
    ///
    /// With fewer it is better to wait: what comes meanwhile goes along.
    package var sendsAheadFrom = 150
    /// How long the history and the logs are kept.
    package var retention = RetentionSettings()

    package init() {}
}

/// What others may see of a scheduler at work.
package protocol SchedulerObserver: Sendable {
    /// Called after each commit, in order, on the scheduler's own queue: must not block.
    func committed(_ changes: [Change])
    /// A change of what the scheduler is doing as a whole.
    func changed(_ status: SchedulerStatus)
    /// The problems of all documents, whenever they are not what they were.
    func found(_ problems: [ImportErrorRecord])
    /// Tasks wait for these pools, which are missing or have no slots; told once of each.
    func closed(_ pools: [String])
}

extension SchedulerObserver {
    package func found(_ problems: [ImportErrorRecord]) {}
    package func closed(_ pools: [String]) {}
}

/// What a scheduler process is doing.
package enum SchedulerStatus: Hashable, Sendable {
    case standingBy(behind: LeaseStatus?)
    case recovering(epoch: Int64)
    case leading(epoch: Int64, dags: Int)
    /// The database cannot be reached or refuses to write; the scheduler holds still and tries again.
    case waitingForDatabase(problem: String)
    case stopped
}
