package import CivilTime
package import DAGModel

/// What someone asked the leader to do: the payload of a row of `command`.
package enum Command: Hashable, Sendable, Codable {
    /// Makes a run. `logicalDate` nil makes one without a date and without an interval.
    case trigger(dag: DAGID, runID: String?, logicalDate: Timestamp?, conf: JSONValue)
    /// Makes runs for every logical date of the schedule in `from ... to`.
    case backfill(
        dag: DAGID, from: Timestamp, to: Timestamp, reprocess: ReprocessBehavior, maxActive: Int?, conf: JSONValue)
    /// Stops what a run still does and fails it with the reason `cancelled`.
    case cancelRun(dag: DAGID, runID: String)
    /// Pauses or ends a backfill; its runs under way go on.
    case setBackfillState(BackfillID, BackfillState)
}

/// A command that waits for the leader.
package struct PendingCommand: Hashable, Sendable {
    package let id: Int64
    package let command: Command
    /// Who asked: the name of a user, or of the program.
    package let actor: String

    package init(id: Int64, command: Command, actor: String) {
        self.id = id
        self.command = command
        self.actor = actor
    }
}

/// What became of a command, for whoever waits for it.
package enum CommandOutcome: Hashable, Sendable, Codable {
    case run(dag: DAGID, runID: String, key: RunKey)
    case backfill(BackfillID, total: Int)
    case done
    /// Refused, with a sentence that says why and what to do.
    case refused(String)
}
