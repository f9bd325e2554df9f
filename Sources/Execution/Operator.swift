package import CivilTime
package import DAGModel

/// What a task does.
///
/// An operator is made for one try from its rendered arguments, is run once, and is dropped.
package protocol Operator: Sendable {
    /// Carries out the try. Called after the try's start is committed.
    ///
    /// Returns for a success. Throws ``TaskSkip`` to end as `skipped`, ``TaskFailure`` or any other error to end as
    /// `failed`, ``TaskDefer`` to go on later without a slot. When its Swift task is cancelled (timeout, cancel, shutdown) it must stop what it started and throw.
    func execute(_ context: TaskContext) async throws -> TaskResult
}

/// What an operator gets to work with besides its arguments.
package struct TaskContext: Sendable {
    package let launch: AttemptLaunch
    /// The task's log of this try.
    package let log: TaskLog
    /// Runs programs on behalf of this try.
    package let processes: ProcessLauncher

    package init(launch: AttemptLaunch, log: TaskLog, processes: ProcessLauncher) {
        self.launch = launch
        self.log = log
        self.processes = processes
    }
}

/// What a successful try leaves behind.
package struct TaskResult: Sendable {
    /// The return value, at most ``TaskResult/maximumOutputBytes`` as JSON; nil for none.
    package var output: JSONValue?
    /// The assets changed with their intervals.
    ///
    /// An asset that the document lists in `outlets` and that is not named here counts as changed over the run's data
    /// interval.
    package var assetChanges: [AssetChange]
    package var exitCode: Int32?
    /// Which downstream tasks do not run; nil for none.
    package var skips: DownstreamSkip?

    package init(
        output: JSONValue? = nil, assetChanges: [AssetChange] = [], exitCode: Int32? = nil,
        skips: DownstreamSkip? = nil
    ) {
        self.output = output
        self.assetChanges = assetChanges
        self.exitCode = exitCode
        self.skips = skips
    }

    /// The most a task output may hold, in bytes of JSON: 1 MB.
    package static let maximumOutputBytes = 1_000_000
}

/// Ends a try as `skipped`, with the reason that the history shows.
package struct TaskSkip: Error, CustomStringConvertible {
    package let reason: String
    package let exitCode: Int32?

    package init(_ reason: String, exitCode: Int32? = nil) {
        self.reason = reason
        self.exitCode = exitCode
    }

    package var description: String { reason }
}

/// Hands the try's slot back: the operator is made and called again later, as the same try.
///
/// No retry is used up. ``AttemptLaunch/startedAt`` then says when the try began.
package struct TaskDefer: Error, CustomStringConvertible {
    package let deferral: Deferral
    package let reason: String

    /// Waits for an instant.
    package init(until instant: Timestamp, _ reason: String) {
        deferral = Deferral(until: instant, isPoll: false)
        self.reason = reason
    }

    /// Looks again after a while.
    package init(after interval: Duration, now: Timestamp, _ reason: String) {
        deferral = Deferral(until: now + interval, isPoll: true)
        self.reason = reason
    }

    package var description: String { reason }
}

/// Ends a try as `failed`, with the reason that the history shows.
package struct TaskFailure: Error, CustomStringConvertible {
    package let reason: String
    /// False when another try would fail the same way.
    package let isRetryable: Bool
    package let exitCode: Int32?
    package let kind: FailureKind

    /// A failure with an exit code is of the kind `exit`, unless `kind` says otherwise.
    package init(_ reason: String, isRetryable: Bool = true, exitCode: Int32? = nil, kind: FailureKind? = nil) {
        self.reason = reason
        self.isRetryable = isRetryable
        self.exitCode = exitCode
        self.kind = kind ?? (exitCode == nil ? .error : .exit)
    }

    package var description: String { reason }
}

/// The operators a program knows: only executables fill one.
package struct OperatorRegistry: Sendable {
    /// Makes an operator from rendered arguments; throws ``TaskFailure`` for an argument it cannot use.
    package typealias Factory = @Sendable (_ arguments: [String: JSONValue]) throws -> any Operator

    private var entries: [String: (signature: OperatorSignature, make: Factory)] = [:]

    /// What carries out `run` bodies.
    var handlers: [HandlerName: Factory] = [:]

    package init() {}

    /// Adds an operator under its signature's name.
    ///
    /// A later one of the same name replaces the earlier.
    package mutating func register(_ signature: OperatorSignature, make: @escaping Factory) {
        entries[signature.name] = (signature, make)
    }

    /// Every signature, by name.
    package var signatures: [OperatorSignature] {
        entries.values.map(\.signature).sorted { $0.name < $1.name }
    }

    package func signature(named name: String) -> OperatorSignature? { entries[name]?.signature }

    /// The operator `name`, made from `arguments`.
    ///
    /// Throws ``TaskFailure`` when there is no such operator.
    package func make(_ name: String, arguments: [String: JSONValue]) throws -> any Operator {
        guard let entry = entries[name] else {
            throw TaskFailure("this program has no operator \"\(name)\"", isRetryable: false)
        }
        return try entry.make(arguments)
    }
}
