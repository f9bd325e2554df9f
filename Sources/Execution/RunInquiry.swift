package import CivilTime
package import DAGModel

/// What sensors and triggers may ask about other runs, and how they ask for one.
package protocol RunInquiry: Sendable {
    /// How the run of a DAG at a logical date stands; nil when there is none.
    func standing(of dag: DAGID, logicalDate: Timestamp) async throws -> RunStanding?

    /// How a run stands; nil when there is none.
    func standing(of dag: DAGID, runID: String) async throws -> RunStanding?

    /// Whether the history knows the DAG, and its tasks by name.
    func tasks(of dag: DAGID) async throws -> Set<TaskID>?

    /// Events of an asset that match, in order.
    func assetEvents(_ query: AssetEventQuery) async throws -> [AssetEventFacts]

    /// Asks for a run. The same key gives the same run, however often it is asked.
    func request(_ request: RunRequest, key: String) async throws -> RunAnswer
}

/// Which events of an asset are asked for.
package struct AssetEventQuery: Sendable, Hashable {
    package let asset: String
    /// Both ends included; nil for no bound.
    package let after: Timestamp?
    package let before: Timestamp?
    /// Whether the oldest come first.
    package let isAscending: Bool
    /// At most this many.
    package let limit: Int

    package init(asset: String, after: Timestamp?, before: Timestamp?, isAscending: Bool, limit: Int) {
        self.asset = asset
        self.after = after
        self.before = before
        self.isAscending = isAscending
        self.limit = limit
    }
}

/// A change of an asset.
package struct AssetEventFacts: Sendable, Hashable {
    package let asset: String
    package let at: Timestamp
    package let sourceDAG: DAGID
    package let sourceTask: TaskID
    package let sourceMapIndex: Int
    package let interval: DataInterval?
    package let extra: JSONValue

    package init(
        asset: String, at: Timestamp, sourceDAG: DAGID, sourceTask: TaskID, sourceMapIndex: Int,
        interval: DataInterval?, extra: JSONValue
    ) {
        self.asset = asset
        self.at = at
        self.sourceDAG = sourceDAG
        self.sourceTask = sourceTask
        self.sourceMapIndex = sourceMapIndex
        self.interval = interval
        self.extra = extra
    }
}

/// How a run and its tasks stand.
package struct RunStanding: Sendable, Hashable {
    package let runID: String
    package let state: RunState
    /// A mapped task stands as the worst of its instances does.
    package let tasks: [TaskID: TaskState]

    package init(runID: String, state: RunState, tasks: [TaskID: TaskState]) {
        self.runID = runID
        self.state = state
        self.tasks = tasks
    }
}

/// A run that a task wants.
package struct RunRequest: Sendable, Hashable {
    package let dag: DAGID
    package let runID: String?
    package let logicalDate: Timestamp?
    package let conf: JSONValue
    /// Who asks, for the history.
    package let actor: String

    package init(dag: DAGID, runID: String?, logicalDate: Timestamp?, conf: JSONValue, actor: String) {
        self.dag = dag
        self.runID = runID
        self.logicalDate = logicalDate
        self.conf = conf
        self.actor = actor
    }
}

package enum RunAnswer: Sendable, Hashable {
    case made(runID: String)
    case refused(String)
    /// No leader has answered yet.
    case waiting
}
