import NIOCore

/// One browser or program that listens: its bell rings when there is something to take from the hub.
struct LiveListener: Sendable {
    let number: Int
    /// Ends when the hub does, or when the listener has been given up.
    let bell: AsyncStream<Void>
}

/// What a listener is to do next.
enum LiveDelivery: Sendable {
    case frames([LiveFrame])
    /// Frames are lost, because the listener was slow or the path was away: it has to begin with a snapshot again.
    case resync(missed: Int)
    case nothing
    /// There is no more: the server ends, or it was given up.
    case over
}
