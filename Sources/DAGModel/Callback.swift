/// What calls a notifier, with the middle of Airflow's names: `on_failure_callback` is `failure`.
package enum CallbackEvent: String, Hashable, Sendable, Codable, CaseIterable {
    /// A try begins.
    case execute
    /// A try failed and another follows.
    case retry
    case success
    /// The task, or the run, failed for good.
    case failure
    /// A try ended as skipped; a task that its trigger rule or a branch skipped calls nobody.
    case skipped
    /// A run did not end by its deadline.
    case deadline

    /// The document's key; nil for what stands in `deadline`.
    package var key: String? { self == .deadline ? nil : "on_\(rawValue)_callback" }
}

/// A notifier that a document wants called, `{uses: slack, with: {…}}`.
package struct Callback: Hashable, Sendable, Codable {
    package var event: CallbackEvent
    /// The notifier's canonical name.
    package var notifier: String
    /// Rendered when it is called.
    package var arguments: [String: Argument]

    package init(event: CallbackEvent, notifier: String, arguments: [String: Argument] = [:]) {
        self.event = event
        self.notifier = notifier
        self.arguments = arguments
    }
}
