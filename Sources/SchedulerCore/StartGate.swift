package import DAGModel

/// Lets work begin only while the lease certainly lasts; what comes later waits for the renewal.
///
/// The end is by the leader's own monotonic clock, counted from before the lease was asked for: a leader that was cut off
/// or asleep starts nothing that its successor starts too.
package struct StartGate: Sendable {
    /// Until when work may be started.
    package private(set) var end: ContinuousClock.Instant
    private var held: [AttemptStart] = []

    package init(end: ContinuousClock.Instant) { self.end = end }

    /// Whether `start` may begin at `instant`; if not, it is kept for ``renewed(until:)``.
    package mutating func admits(_ start: AttemptStart, at instant: ContinuousClock.Instant) -> Bool {
        if instant < end { return true }
        held.append(start)
        return false
    }

    /// The lease was renewed: returns what waited.
    package mutating func renewed(until end: ContinuousClock.Instant) -> [AttemptStart] {
        self.end = end
        return takeHeld()
    }

    /// Forgets what waits and returns it.
    package mutating func takeHeld() -> [AttemptStart] {
        let held = held
        self.held = []
        return held
    }

    /// Takes back a start that waits; false when it does not.
    package mutating func withdraw(_ attempt: AttemptID) -> Bool {
        guard let index = held.firstIndex(where: { $0.attempt == attempt }) else { return false }
        held.remove(at: index)
        return true
    }
}
