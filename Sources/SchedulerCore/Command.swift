package import CivilTime
package import DAGModel

/// What someone asked the leader to do: the payload of a row of `command`.
package enum Command: Hashable, Sendable, Codable {
    /// Makes a run. `logicalDate` nil makes one without a date and without an interval; it starts no earlier than
    /// `runAfter`, nil for its logical date or at once.
    case trigger(dag: DAGID, runID: String?, logicalDate: Timestamp?, conf: JSONValue, runAfter: Timestamp? = nil)
    /// Makes runs for every logical date of the schedule in `from ... to`.
    ///
    /// Those that are not due yet are left out. `backwards` begins with the newest; nil, as in commands of before there
    /// was such a thing, does not.
    case backfill(
        dag: DAGID, from: Timestamp, to: Timestamp, reprocess: ReprocessBehavior, maxActive: Int?, conf: JSONValue,
        backwards: Bool? = nil)
    /// Stops what a run still does and fails it with the reason `cancelled`.
    case cancelRun(dag: DAGID, runID: String)
    /// Pauses or ends a backfill; its runs under way go on.
    case setBackfillState(BackfillID, BackfillState)
    /// Makes tasks of runs that exist run again.
    case clear(ClearRequest)
    /// Sets the state of a task, or of one instance of a mapped one: `success` or `failed`. Tasks below that failed for its
    /// sake run again after a success.
    case markTask(dag: DAGID, runID: String, task: TaskID, mapIndex: Int?, state: TaskState, dryRun: Bool)
    /// Sets the state of a whole run: after `success` each of its tasks is one, after `failed` what ran or had not started
    /// is not.
    case markRun(dag: DAGID, runID: String, state: RunState, dryRun: Bool)
    /// Forgets a run that has ended, with its tasks, tries and outputs.
    case deleteRun(dag: DAGID, runID: String)
    /// Forgets at most `limit` runs that the rule lets go.
    case prune(RetentionRule, limit: Int)
}

/// Which tasks of which runs are to run again.
package struct ClearRequest: Hashable, Sendable, Codable {
    package var dag: DAGID
    package var runID: String
    /// Empty, as are the instances, for every task.
    package var tasks: [TaskID]
    /// Single instances of mapped tasks.
    package var instances: [MappedInstance]
    package var upstream: Bool
    package var downstream: Bool
    /// Only what failed, or could not run because something else had.
    package var onlyFailed: Bool
    /// Also runs with earlier or later logical dates, at most ``maximumRuns`` each way.
    package var past: Bool
    package var future: Bool
    /// Runs again by the DAG's present version, not by the one the run was made from.
    package var latest: Bool
    /// Only says what would be cleared.
    package var dryRun: Bool

    package static let maximumRuns = 1_000

    /// One instance of a mapped task.
    package struct MappedInstance: Hashable, Sendable, Codable {
        package let task: TaskID
        package let mapIndex: Int

        package init(task: TaskID, mapIndex: Int) {
            self.task = task
            self.mapIndex = mapIndex
        }
    }

    package init(
        dag: DAGID, runID: String, tasks: [TaskID] = [], instances: [MappedInstance] = [], upstream: Bool = false,
        downstream: Bool = false,
        onlyFailed: Bool = false, past: Bool = false, future: Bool = false, latest: Bool = false,
        dryRun: Bool = false
    ) {
        self.dag = dag
        self.runID = runID
        self.tasks = tasks
        self.instances = instances
        self.upstream = upstream
        self.downstream = downstream
        self.onlyFailed = onlyFailed
        self.past = past
        self.future = future
        self.latest = latest
        self.dryRun = dryRun
    }

    /// A request of before there was `latest` means the run's own version, and one without `instances` none.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            dag: try values.decode(DAGID.self, forKey: .dag), runID: try values.decode(String.self, forKey: .runID),
            tasks: try values.decode([TaskID].self, forKey: .tasks),
            instances: try values.decodeIfPresent([MappedInstance].self, forKey: .instances) ?? [],
            upstream: try values.decode(Bool.self, forKey: .upstream),
            downstream: try values.decode(Bool.self, forKey: .downstream),
            onlyFailed: try values.decode(Bool.self, forKey: .onlyFailed),
            past: try values.decode(Bool.self, forKey: .past), future: try values.decode(Bool.self, forKey: .future),
            latest: try values.decodeIfPresent(Bool.self, forKey: .latest) ?? false,
            dryRun: try values.decode(Bool.self, forKey: .dryRun))
    }
}

extension Command {
    /// The runs a command changes, which the store must hand over with it; nil for a command that changes none.
    package var subject: (dag: DAGID, runID: String, past: Bool, future: Bool)? {
        switch self {
        case .clear(let request): (request.dag, request.runID, request.past, request.future)
        case .markTask(let dag, let runID, _, _, _, _), .markRun(let dag, let runID, _, _),
            .deleteRun(let dag, let runID):
            (dag, runID, false, false)
        case .trigger, .backfill, .cancelRun, .setBackfillState, .prune: nil
        }
    }
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
    /// `lastDue` is the last logical date of a backfill whose range goes on to dates that are not due; nil for no such range.
    case backfill(BackfillID, total: Int, lastDue: Timestamp? = nil)
    case done
    /// The task instances that were or would be changed, as `run_id task` or `run_id task[index]`; at most 1,000 are named.
    case changed(count: Int, names: [String])
    /// Refused, with a sentence that says why and what to do.
    case refused(String)
}
