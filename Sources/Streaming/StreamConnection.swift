package import CivilTime
package import WebSocketClient
import WebSocketProtocol

/// A connection to an exchange's stream, as a collector needs it; it has one reader.
package protocol StreamConnection: Sendable {
    /// Begins to send a text, in the order of the calls; a failure ends the connection.
    func send(_ text: String)
    /// Begins to send WebSocket's own ping.
    func sendPing()
    /// Begins to close; `receive` then ends.
    func end()
    /// Everything that has come, at least one batch; empty after `end` or when the calling task is cancelled.
    ///
    /// Throws when the connection ends in any other way.
    func receive() async throws -> [WebSocketBatch]
}

extension WebSocketConnection: StreamConnection {
    package func send(_ text: String) { post(.text(text)) }
    package func sendPing() { postPing() }
    package func end() { beginClose() }

    package func receive() async throws -> [WebSocketBatch] { try await nextBatches() }
}

/// Time, as a collector reads it and waits for it.
package struct CollectorClock: Sendable {
    private let reading: @Sendable () -> CollectorMachine.Moment
    private let sleeper: @Sendable (Duration) async throws -> Void

    /// A time line that starts now.
    package init(
        clock: some Clock<Duration> = ContinuousClock(), wall: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        let start = clock.now
        reading = { CollectorMachine.Moment(monotonic: start.duration(to: clock.now), wall: wall()) }
        sleeper = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    func now() -> CollectorMachine.Moment { reading() }

    /// Throws when the task was cancelled.
    func sleep(until instant: Duration) async throws { try await sleeper(instant) }
}
