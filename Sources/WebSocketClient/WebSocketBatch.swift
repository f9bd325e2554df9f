package import CivilTime
import Glibc
package import WebSocketProtocol

/// The messages of one reading of the socket, in order.
///
/// A busy stream's messages come many at a time; handing them on together costs one change of threads, not one each.
package struct WebSocketBatch: Sendable {
    /// At least one.
    package var messages: [WebSocketMessage]
    /// When they were read, by the wall clock.
    package var receivedAt: Timestamp
    /// The same moment on the system's monotonic clock, in nanoseconds.
    package var receivedNanoseconds: UInt64

    package init(messages: [WebSocketMessage], receivedAt: Timestamp, receivedNanoseconds: UInt64) {
        self.messages = messages
        self.receivedAt = receivedAt
        self.receivedNanoseconds = receivedNanoseconds
    }

    /// The system's monotonic clock.
    package static func monotonicNanoseconds() -> UInt64 {
        var reading = timespec()
        clock_gettime(CLOCK_MONOTONIC, &reading)
        return UInt64(reading.tv_sec) * 1_000_000_000 + UInt64(reading.tv_nsec)
    }
}
