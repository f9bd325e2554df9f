/// Fails a task, with a reason that the history shows.
///
/// Any other error fails it too, and may be tried again.
public struct TaskFailed: Error, CustomStringConvertible {
    /// What went wrong.
    public let reason: String
    /// Whether another try may help: the document's `retries` then apply.
    public let isRetryable: Bool

    /// A failure with its reason.
    public init(_ reason: String, isRetryable: Bool = true) {
        self.reason = reason
        self.isRetryable = isRetryable
    }

    /// The reason.
    public var description: String { reason }
}

/// Ends a task as skipped, with a reason that the history shows.
public struct TaskSkipped: Error, CustomStringConvertible {
    /// Why there is nothing to do.
    public let reason: String

    /// A skip with its reason.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}
