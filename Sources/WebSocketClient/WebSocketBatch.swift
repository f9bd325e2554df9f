package import CivilTime

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
}
