import Glibc

/// What one wait for a connection's socket brought.
struct SocketEvents {
    let isSocketReady: Bool

    /// Waits until the socket is ready, somebody wakes, or the time has come; also returns early after a signal.
    ///
    /// Pending wakes are taken; the caller looks at what they could have meant.
    static func wait(
        socket: Int32, forWriting: Bool, forReading: Bool, wake: WakePipe, until deadline: ContinuousClock.Instant?
    ) -> SocketEvents {
        var events: Int16 = 0
        if forReading { events |= Int16(POLLIN) }
        if forWriting { events |= Int16(POLLOUT) }
        var descriptors = (
            pollfd(fd: socket, events: events, revents: 0), pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0)
        )
        let milliseconds = deadline.map { Self.milliseconds(until: $0) } ?? -1
        let count = withUnsafeMutablePointer(to: &descriptors) { pair in
            pair.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, milliseconds) }
        }
        guard count > 0 else { return SocketEvents(isSocketReady: false) }
        if descriptors.1.revents != 0 { wake.drain() }
        return SocketEvents(isSocketReady: descriptors.0.revents != 0)
    }

    /// Whether something can be read at this moment, the end included.
    static func isReadable(_ socket: Int32) -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }

    /// Rounded up, so that waking at the deadline means it has passed.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline)
        if left <= .zero { return 0 }
        let (seconds, attoseconds) = left.components
        return Int32(
            clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000
                + 1)
    }
}
