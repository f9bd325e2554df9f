package import CivilTime

/// How one try ended.
package struct AttemptEnd: Sendable, Hashable {
    package let attempt: AttemptID
    /// `success`, `failed` or `skipped`; `running` when ``deferral`` says that the try goes on later.
    package let state: AttemptState
    /// Why it failed or was skipped, in a sentence; nil for a plain success.
    package var reason: String?
    /// Whether a failure may be retried; false for what a retry cannot mend (a bad argument, a template's error,
    /// Airflow's `AirflowFailException`).
    package let isRetryable: Bool
    /// Exit status of the task's process; nil when it had none.
    ///
    /// A signal n is 128 + n.
    package let exitCode: Int32?
    /// The task's return value; nil for none.
    package let output: JSONValue?
    /// The assets a success changed, with the interval of each.
    package let assetChanges: [AssetChange]
    /// Which downstream tasks a success cuts off; nil for none.
    package let skips: DownstreamSkip?
    /// What kind of failure it was; tells retries apart.
    package let failureKind: FailureKind?
    /// Until when the task waits without a slot, when the try has not ended.
    package let deferral: Deferral?
    /// The name of a mapped instance, from its `map_index_template`.
    package var mapName: String?
    /// When a worker took the try; nil when the scheduler carried it out itself.
    package var takenAt: Timestamp?
    /// Whether a `lost` try was stopped with the program that carried it out: nobody's fault, and not counted as lost.
    package let isInterrupted: Bool

    package init(
        attempt: AttemptID, state: AttemptState, reason: String? = nil, isRetryable: Bool = true,
        exitCode: Int32? = nil, output: JSONValue? = nil, assetChanges: [AssetChange] = [],
        skips: DownstreamSkip? = nil, failureKind: FailureKind? = nil, deferral: Deferral? = nil,
        mapName: String? = nil, takenAt: Timestamp? = nil, isInterrupted: Bool = false
    ) {
        self.attempt = attempt
        self.state = state
        self.reason = reason
        self.isRetryable = isRetryable
        self.exitCode = exitCode
        self.output = output
        self.assetChanges = assetChanges
        self.skips = skips
        self.failureKind = failureKind
        self.deferral = deferral
        self.mapName = mapName
        self.takenAt = takenAt
        self.isInterrupted = isInterrupted
    }
}

/// Which tasks below a successful one do not run: what branches and short circuits decide.
package enum DownstreamSkip: Sendable, Hashable, Codable {
    /// Only these direct downstream tasks are followed; the others are skipped, unless a followed one leads to them.
    case allBut([TaskID])
    /// Every direct downstream task is skipped; their own trigger rules decide further down.
    case direct
    /// Everything downstream is skipped, whatever its trigger rule: Airflow's `ignore_downstream_trigger_rules`.
    case everything
}

/// Why a try failed, as far as retries care.
package enum FailureKind: String, Sendable, Codable, CaseIterable {
    /// `execution_timeout` or a sensor's `timeout` passed.
    case timeout
    /// Its process ended with an exit status that means failure.
    case exit
    /// Anything else.
    case error
}

/// A task hands its slot back and wants to be asked again: a try that goes on later, not another one.
package struct Deferral: Sendable, Hashable {
    package let until: Timestamp
    /// Whether it waits for an instant (`deferred`) or looks again and again (`up_for_reschedule`), as Airflow says.
    package let isPoll: Bool

    package init(until: Timestamp, isPoll: Bool) {
        self.until = until
        self.isPoll = isPoll
    }

    package var state: TaskState { isPoll ? .upForReschedule : .deferred }
}

/// One asset that a task changed, and where.
package struct AssetChange: Sendable, Hashable, Codable {
    package let asset: String
    /// The half-open interval changed; nil when the change has no extent in time.
    package let interval: DataInterval?
    package let extra: JSONValue

    package init(asset: String, interval: DataInterval?, extra: JSONValue = .object([:])) {
        self.asset = asset
        self.interval = interval
        self.extra = extra
    }
}
