/// Bounds of live updates.
struct LiveConfiguration: Sendable {
    /// Event streams, and as many sockets.
    var mostListeners = 256
    /// The least time between two frames.
    var frameInterval: Duration = .milliseconds(3)
    /// A listener that takes nothing for longer, with something there, is cut off.
    var stuckSeconds = 20
    var heartbeatSeconds = 10
    /// Before updates that broke off are asked for again.
    var pause: Duration = .seconds(1)
    /// For each question to the path.
    var patience: Duration = .seconds(5)
}
