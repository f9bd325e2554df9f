/// What few tasks say of themselves.
///
/// Kept apart from ``TaskSpec``, which is half as large for it: a scheduler holds tens of thousands of tasks.
final class TaskExtras: Hashable, Sendable {
    struct Values: Hashable, Sendable, Codable {
        var maxRetryDelay: Duration?
        var maxActivePerDAG: Int?
        var maxActivePerRun: Int?
        var owner: String?
        var docMD: String?
        var group: String?
        var params: [String: JSONValue] = [:]
        var outlets: [String] = []
        var inlets: [String] = []
        var expand: [String: Argument] = [:]
        var expandOrder: [String]?
        var mapIndexTemplate: String?
        var retryOn: RetryFilter?
        var retryNotOn: RetryFilter?
        var role: TaskRole?
        var failsRun: Bool?
        var callbacks: [Callback]?
        var inertAttributes: [String: JSONValue] = [:]
    }

    let values: Values

    /// Nil when there is nothing to keep.
    init?(_ values: Values) {
        if values == Values() { return nil }
        self.values = values
    }

    static func == (left: TaskExtras, right: TaskExtras) -> Bool { left === right || left.values == right.values }

    func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension TaskSpec {
    private mutating func change<Value>(_ path: WritableKeyPath<TaskExtras.Values, Value>, _ value: Value) {
        var values = extras?.values ?? TaskExtras.Values()
        values[keyPath: path] = value
        extras = TaskExtras(values)
    }

    package var maxRetryDelay: Duration? {
        get { extras?.values.maxRetryDelay }
        set { change(\.maxRetryDelay, newValue) }
    }

    package var maxActivePerDAG: Int? {
        get { extras?.values.maxActivePerDAG }
        set { change(\.maxActivePerDAG, newValue) }
    }

    package var maxActivePerRun: Int? {
        get { extras?.values.maxActivePerRun }
        set { change(\.maxActivePerRun, newValue) }
    }

    package var owner: String? {
        get { extras?.values.owner }
        set { change(\.owner, newValue) }
    }

    package var docMD: String? {
        get { extras?.values.docMD }
        set { change(\.docMD, newValue) }
    }

    package var group: String? {
        get { extras?.values.group }
        set { change(\.group, newValue) }
    }

    /// The task's own parameters; in templates they win over the DAG's.
    package var params: [String: JSONValue] {
        get { extras?.values.params ?? [:] }
        set { change(\.params, newValue) }
    }

    /// Names of the assets that a success of this task changes.
    package var outlets: [String] {
        get { extras?.values.outlets ?? [] }
        set { change(\.outlets, newValue) }
    }

    package var inlets: [String] {
        get { extras?.values.inlets ?? [] }
        set { change(\.inlets, newValue) }
    }

    /// Arguments over whose lists the task is mapped; empty for a plain task.
    package var expand: [String: Argument] {
        get { extras?.values.expand ?? [:] }
        set { change(\.expand, newValue) }
    }

    /// The keys of `expand` in the order of the document: the last one varies fastest.
    package var expandOrder: [String]? {
        get { extras?.values.expandOrder }
        set { change(\.expandOrder, newValue) }
    }

    package var mapIndexTemplate: String? {
        get { extras?.values.mapIndexTemplate }
        set { change(\.mapIndexTemplate, newValue) }
    }

    /// Failures that are tried again; nil for all.
    package var retryOn: RetryFilter? {
        get { extras?.values.retryOn }
        set { change(\.retryOn, newValue) }
    }

    /// Failures that are not tried again; wins over `retryOn`.
    package var retryNotOn: RetryFilter? {
        get { extras?.values.retryNotOn }
        set { change(\.retryNotOn, newValue) }
    }

    /// Whether it makes a resource for others or takes it away; nil for a task that does neither.
    package var role: TaskRole? {
        get { extras?.values.role }
        set { change(\.role, newValue) }
    }

    /// Airflow's `on_failure_fail_dagrun`: whether the failure of a teardown fails the run.
    package var failsRun: Bool? {
        get { extras?.values.failsRun }
        set { change(\.failsRun, newValue) }
    }

    /// Notifiers called on what becomes of its tries; nil for none.
    package var callbacks: [Callback]? {
        get { extras?.values.callbacks }
        set { change(\.callbacks, newValue) }
    }

    /// Task attributes that are kept and shown but that nothing acts on yet, by key.
    package var inertAttributes: [String: JSONValue] {
        get { extras?.values.inertAttributes ?? [:] }
        set { change(\.inertAttributes, newValue) }
    }
}

// All keys stand side by side: that is how versions are stored.
extension TaskSpec: Codable {
    private enum Key: String, CodingKey {
        case id, place, body, arguments, upstream, triggerRule, retries, retryDelay, retryBackoff, executionTimeout
        case pool, poolSlots, priorityWeight, weightRule, dependsOnPast, waitForDownstream, queue
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(TaskID.self, forKey: .id)
        place = try container.decode(SourcePlace.self, forKey: .place)
        body = try container.decode(Body.self, forKey: .body)
        arguments = try container.decode([String: Argument].self, forKey: .arguments)
        upstream = try container.decode([TaskID].self, forKey: .upstream)
        triggerRule = try container.decode(TriggerRule.self, forKey: .triggerRule)
        retries = try container.decode(Int.self, forKey: .retries)
        retryDelay = try container.decode(Duration.self, forKey: .retryDelay)
        retryBackoff = try container.decode(Double.self, forKey: .retryBackoff)
        executionTimeout = try container.decodeIfPresent(Duration.self, forKey: .executionTimeout)
        pool = try container.decode(String.self, forKey: .pool)
        poolSlots = try container.decode(Int.self, forKey: .poolSlots)
        priorityWeight = try container.decode(Int.self, forKey: .priorityWeight)
        weightRule = try container.decode(WeightRule.self, forKey: .weightRule)
        dependsOnPast = try container.decode(Bool.self, forKey: .dependsOnPast)
        waitForDownstream = try container.decode(Bool.self, forKey: .waitForDownstream)
        queue = try container.decode(String.self, forKey: .queue)
        extras = TaskExtras(try TaskExtras.Values(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(id, forKey: .id)
        try container.encode(place, forKey: .place)
        try container.encode(body, forKey: .body)
        try container.encode(arguments, forKey: .arguments)
        try container.encode(upstream, forKey: .upstream)
        try container.encode(triggerRule, forKey: .triggerRule)
        try container.encode(retries, forKey: .retries)
        try container.encode(retryDelay, forKey: .retryDelay)
        try container.encode(retryBackoff, forKey: .retryBackoff)
        try container.encodeIfPresent(executionTimeout, forKey: .executionTimeout)
        try container.encode(pool, forKey: .pool)
        try container.encode(poolSlots, forKey: .poolSlots)
        try container.encode(priorityWeight, forKey: .priorityWeight)
        try container.encode(weightRule, forKey: .weightRule)
        try container.encode(dependsOnPast, forKey: .dependsOnPast)
        try container.encode(waitForDownstream, forKey: .waitForDownstream)
        try container.encode(queue, forKey: .queue)
        try (extras?.values ?? TaskExtras.Values()).encode(to: encoder)
    }
}
