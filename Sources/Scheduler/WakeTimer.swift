import CivilTime
import Dispatch

/// One timer for the nearest instant.
///
/// It goes off at least once a minute, since a monotonic timer does not see a clock that was set.
final class WakeTimer {
    private let source: any DispatchSourceTimer
    private static let longestSeconds = 60.0

    /// What the timer is set to: `.some(nil)` for no instant, nil when it has gone off.
    private var armed: Timestamp??

    /// - Parameter handler: called on `queue`.
    init(queue: DispatchQueue, handler: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
        source.setEventHandler(handler: handler)
        source.schedule(deadline: .now() + Self.longestSeconds)
        source.activate()
    }

    /// Call when the timer has gone off: it must be set again, even to the same instant.
    func wentOff() { armed = nil }

    deinit { source.cancel() }

    /// Sets the timer to `instant`, or to a minute from `now` if that is nil or later.
    ///
    /// Does nothing when it is set so already: setting a timer after every event costs a tenth of a busy scheduler's time.
    func arm(for instant: Timestamp?, now: Timestamp) {
        guard armed != .some(instant) else { return }
        armed = .some(instant)
        let seconds = instant.map { Double($0.microseconds - now.microseconds) / 1e6 } ?? Self.longestSeconds
        source.schedule(deadline: .now() + min(max(seconds, 0), Self.longestSeconds), leeway: .nanoseconds(0))
    }
}
