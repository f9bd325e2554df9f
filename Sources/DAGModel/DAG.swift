package import Timetables

/// A place in a document: 1-based line and column.
package struct SourcePlace: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The file, relative to the DAG folder.
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

/// A validated DAG: what a document says once templates are merged and every name is resolved.
///
/// Pinned by a run as JSON, so a stored version can be brought back without its document.
package struct DAG: Hashable, Sendable, Codable {
    package var id: DAGID
    package var place: SourcePlace
    package var timetable: Timetable
    /// `start_date` and `end_date`: bounds of the logical date.
    package var bounds: ScheduleBounds
    package var catchup = false
    /// How far back catchup goes; nil for as far as `start_date`.
    package var catchupWindow: Duration?
    /// Scheduled, manual and asset-triggered runs at once; backfills count their own.
    ///
    /// Default 16.
    package var maxActiveRuns = 16
    /// Task instances running at once in one run of this DAG (Airflow 3 counts per run).
    ///
    /// Default 16.
    package var maxActiveTasks = 16
    /// Failed runs in a row after which the DAG is paused; 0 for never.
    package var maxConsecutiveFailedRuns = 0
    package var dagrunTimeout: Duration?
    /// Whether the first failed task fails the tasks that still run.
    package var failFast = false
    /// What `is_paused_upon_creation` says; nil when the document is silent (a new DAG is then paused).
    package var isPausedUponCreation: Bool?
    /// The types of run that may be made, Airflow's `allowed_run_types`; nil for all.
    package var allowedRunTypes: [RunType]?
    package var displayName: String?
    package var summary: String?
    package var docMD: String?
    package var owner: String?
    package var ownerLinks: [String: String] = [:]
    package var tags: [String] = []
    /// Declared parameters with their defaults; a value may be a JSON Schema as in Airflow (`Param`).
    package var params: [String: JSONValue] = [:]
    /// Tasks in the order of the document.
    package var tasks: [TaskSpec]
    /// Notifiers called when a run ends; nil for none, as in versions stored before there were any.
    package var callbacks: [Callback]?
    /// When a run should have ended; nil for no deadline.
    package var deadlines: [Deadline]?
    /// Document attributes that are kept and shown but that nothing acts on yet, by key.
    package var inertAttributes: [String: JSONValue] = [:]

    package init(id: DAGID, place: SourcePlace, timetable: Timetable, bounds: ScheduleBounds, tasks: [TaskSpec]) {
        self.id = id
        self.place = place
        self.timetable = timetable
        self.bounds = bounds
        self.tasks = tasks
    }
}

/// One task of a DAG.
package struct TaskSpec: Hashable, Sendable {
    /// What the task does: a ready-made operator, or a handler that a language SDK registers.
    package enum Body: Hashable, Sendable, Codable {
        /// The operator's canonical name (its own short name), arguments in `arguments`.
        case uses(String)
        case run
    }

    package var id: TaskID
    package var place: SourcePlace
    package var body: Body
    /// `with` (or `run`), markers unresolved.
    package var arguments: [String: Argument] = [:]
    /// Every upstream: `needs` and the tasks whose outputs are read, without duplicates, in document order.
    package var upstream: [TaskID] = []
    package var triggerRule = TriggerRule.allSuccess
    /// Further tries after the first.
    ///
    /// Default 0.
    package var retries = 0
    /// Default 5 minutes, as in Airflow.
    package var retryDelay = Duration.seconds(300)
    /// The factor by which the delay grows per retry; 1 for none.
    ///
    /// Airflow's `true` is 2.
    package var retryBackoff = 1.0
    package var executionTimeout: Duration?
    package var pool = "default_pool"
    package var poolSlots = 1
    package var priorityWeight = 1
    package var weightRule = WeightRule.downstream
    package var dependsOnPast = false
    package var waitForDownstream = false
    package var queue = "default"
    /// The rest, as far as the task says any of it.
    var extras: TaskExtras?

    package init(id: TaskID, place: SourcePlace, body: Body) {
        self.id = id
        self.place = place
        self.body = body
    }
}

extension TaskSpec {
    package var isMapped: Bool { !expand.isEmpty }

    /// The mapped arguments, slowest first.
    package var expandedNames: [String] { expandOrder ?? expand.keys.sorted() }
}

/// Failures by exit status and kind.
package struct RetryFilter: Hashable, Sendable, Codable {
    package var exitCodes: [Int32]
    package var kinds: [FailureKind]

    package init(exitCodes: [Int32] = [], kinds: [FailureKind] = []) {
        self.exitCodes = exitCodes
        self.kinds = kinds
    }

    package func matches(exitCode: Int32?, kind: FailureKind?) -> Bool {
        if let exitCode, exitCodes.contains(exitCode) { return true }
        return kinds.contains(kind ?? .error)
    }
}

/// A value under `with` or `run` before a run gives it its meaning.
package indirect enum Argument: Hashable, Sendable, Codable {
    /// A literal without markers inside, also what `$const` and `$f` (the file's text) came to.
    case value(JSONValue)
    /// `{$t: text}`: rendered for each try.
    case template(String)
    /// `{$x: task}`: the output of an upstream task; a nil key is `return_value`.
    case output(task: TaskID, key: String?)
    case list([Argument])
    case map([String: Argument])

    /// Whether any part is the output of another task, as far as it is no template.
    package var readsOutputs: Bool {
        switch self {
        case .value, .template: false
        case .output: true
        case .list(let elements): elements.contains(where: \.readsOutputs)
        case .map(let members): members.values.contains(where: \.readsOutputs)
        }
    }
}
