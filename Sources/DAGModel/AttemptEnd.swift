package import CivilTime

/// How one try ended.
package struct AttemptEnd: Sendable, Hashable {
    package let attempt: AttemptID
    /// `success`, `failed` or `skipped`.
    package let state: AttemptState
    /// Why it failed or was skipped, in a sentence; nil for a plain success.
    package let reason: String?
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

    package init(
        attempt: AttemptID, state: AttemptState, reason: String? = nil, isRetryable: Bool = true,
        exitCode: Int32? = nil, output: JSONValue? = nil, assetChanges: [AssetChange] = []
    ) {
        self.attempt = attempt
        self.state = state
        self.reason = reason
        self.isRetryable = isRetryable
        self.exitCode = exitCode
        self.output = output
        self.assetChanges = assetChanges
    }
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
