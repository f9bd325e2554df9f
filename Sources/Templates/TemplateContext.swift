package import CivilTime
package import DAGModel

/// What a template can read: the facts of one try of one task.
package struct TemplateContext: Sendable {
    package var dag: DAGFacts
    package var task: TaskFacts
    package var run: RunFacts
    /// The run's parameters: the DAG's defaults, the task's own, and the trigger's `conf` over them.
    package var params: [String: JSONValue]
    /// What a callback is about; nil outside callbacks.
    package var callback: CallbackFacts?
    /// The text of a variable by name, nil when there is none.
    ///
    /// Called only for names a template asks for.
    package var variable: @Sendable (String) -> String?
    /// An output of the run, nil when there is none.
    ///
    /// Called only for those a template asks for.
    package var output: @Sendable (OutputRequest) -> JSONValue?
    /// A connection by id, nil when there is none.
    package var connection: @Sendable (String) -> ConnectionFacts?

    package init(
        dag: DAGFacts, task: TaskFacts, run: RunFacts, params: [String: JSONValue] = [:],
        variable: @escaping @Sendable (String) -> String? = { _ in nil },
        output: @escaping @Sendable (OutputRequest) -> JSONValue? = { _ in nil },
        connection: @escaping @Sendable (String) -> ConnectionFacts? = { _ in nil }
    ) {
        self.dag = dag
        self.task = task
        self.run = run
        self.params = params
        self.variable = variable
        self.output = output
        self.connection = connection
    }

    /// What a callback is about: the names `event`, `reason`, `exception`, `log_hint` and `deadline`, and the states.
    package struct CallbackFacts: Sendable {
        /// Such as `failure`.
        package var event: String
        /// Why; nil when there is nothing to say.
        package var reason: String?
        /// The command that shows the log; nil without a try.
        package var logHint: String?
        package var taskState: String?
        package var runState: String?
        /// The deadline that was missed.
        package var deadline: Timestamp?

        package init(
            event: String, reason: String? = nil, logHint: String? = nil, taskState: String? = nil,
            runState: String? = nil, deadline: Timestamp? = nil
        ) {
            self.event = event
            self.reason = reason
            self.logHint = logHint
            self.taskState = taskState
            self.runState = runState
            self.deadline = deadline
        }
    }

    /// The DAG, as the name `dag` shows it.
    package struct DAGFacts: Sendable {
        package var id: DAGID
        package var displayName: String?
        package var summary: String?
        package var docMD: String?
        package var tags: [String]
        package var owner: String?
        package var zone: String
        package var maxActiveRuns: Int
        package var startDate: Timestamp?
        package var endDate: Timestamp?

        package init(
            id: DAGID, displayName: String? = nil, summary: String? = nil, docMD: String? = nil, tags: [String] = [],
            owner: String? = nil, zone: String = "UTC", maxActiveRuns: Int = 16, startDate: Timestamp? = nil,
            endDate: Timestamp? = nil
        ) {
            self.id = id
            self.displayName = displayName
            self.summary = summary
            self.docMD = docMD
            self.tags = tags
            self.owner = owner
            self.zone = zone
            self.maxActiveRuns = maxActiveRuns
            self.startDate = startDate
            self.endDate = endDate
        }
    }

    /// The task and its try, as the names `task` and `ti` show them.
    package struct TaskFacts: Sendable {
        package var id: TaskID
        package var operatorName: String
        package var owner: String?
        package var queue: String
        package var pool: String
        package var retries: Int
        package var docMD: String?
        /// 1 for the first try.
        package var tryNumber: Int
        package var maxTries: Int
        /// -1 for a task that is not mapped.
        package var mapIndex: Int
        /// When this try started; nil before that.
        package var startDate: Timestamp?
        package var upstream: [TaskID]
        /// Names of the assets a success changes.
        package var outlets: [String]

        package init(
            id: TaskID, operatorName: String = "", owner: String? = nil, queue: String = "default",
            pool: String = "default_pool", retries: Int = 0, docMD: String? = nil, tryNumber: Int = 1,
            maxTries: Int = 0,
            mapIndex: Int = -1, startDate: Timestamp? = nil, upstream: [TaskID] = [],
            outlets: [String] = []
        ) {
            self.id = id
            self.operatorName = operatorName
            self.owner = owner
            self.queue = queue
            self.pool = pool
            self.retries = retries
            self.docMD = docMD
            self.tryNumber = tryNumber
            self.maxTries = maxTries
            self.mapIndex = mapIndex
            self.startDate = startDate
            self.upstream = upstream
            self.outlets = outlets
        }
    }

    /// `dag_run.…` and the dates.
    package struct RunFacts: Sendable {
        package var id: String
        package var type: RunType
        /// Nil for a run that has none, as one started by assets.
        package var logicalDate: Timestamp?
        package var dataInterval: DataInterval?
        package var runAfter: Timestamp?
        package var startDate: Timestamp?
        /// The hull of the asset events that started the run; nil for other runs.
        package var events: DataInterval?
        /// What the trigger passed along.
        package var conf: [String: JSONValue]
        /// Of the last successful run before this one; nil when there is none.
        package var previousSuccess: PreviousRun?

        package init(
            id: String, type: RunType, logicalDate: Timestamp? = nil, dataInterval: DataInterval? = nil,
            runAfter: Timestamp? = nil, startDate: Timestamp? = nil, events: DataInterval? = nil,
            conf: [String: JSONValue] = [:], previousSuccess: PreviousRun? = nil
        ) {
            self.id = id
            self.type = type
            self.logicalDate = logicalDate
            self.dataInterval = dataInterval
            self.runAfter = runAfter
            self.startDate = startDate
            self.events = events
            self.conf = conf
            self.previousSuccess = previousSuccess
        }
    }

    /// The last successful run before this one.
    package struct PreviousRun: Sendable {
        package var dataInterval: DataInterval?
        package var startDate: Timestamp?
        package var endDate: Timestamp?

        package init(dataInterval: DataInterval? = nil, startDate: Timestamp? = nil, endDate: Timestamp? = nil) {
            self.dataInterval = dataInterval
            self.startDate = startDate
            self.endDate = endDate
        }
    }
}
