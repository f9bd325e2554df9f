import WebSocketServer

/// What faults do to the messages of one connection: a value; messages go in and frames come out.
struct StreamDisturbance: Sendable {
    enum End: Sendable, Equatable {
        case disconnect, reset
    }

    private struct Held: Sendable {
        let payload: [UInt8]
        /// Goes out after so many later messages, or when its time has come.
        var left: Int
        let deadline: Int64
    }

    /// How the connection is to end after what was written so far.
    private(set) var end: End?
    private var held: [Held] = []
    private var delayed: [[UInt8]] = []
    private var silentUntil: Int64 = 0
    private var slowUntil: Int64 = 0

    private static let second: Double = 1e9
    /// A message that waits for later ones waits no longer than this.
    private static let longestHold: Int64 = 1_000_000_000
    /// Delayed messages beyond this are lost: a client that slow has other troubles.
    private static let mostDelayed = 100_000

    /// Whether something still waits or lasts.
    var isActive: Bool { !held.isEmpty || !delayed.isEmpty || silentUntil != 0 || slowUntil != 0 }

    /// Takes a message and writes what goes out now.
    ///
    /// - Parameter now: nanoseconds of a clock that only goes forward.
    mutating func take(_ payload: [UInt8], fault: Fault?, now: Int64, into frames: inout WebSocketFrames) {
        guard end == nil else { return }
        switch fault?.kind {
        case .disconnect: end = .disconnect
        case .reset: end = .reset
        case .stall: silentUntil = now + Int64((fault?.seconds ?? 60) * Self.second)
        case .slow: slowUntil = now + Int64((fault?.seconds ?? 2) * Self.second)
        default: break
        }
        guard end == nil, now >= silentUntil else { return }
        silentUntil = 0
        switch fault?.kind {
        case .gap: break
        case .duplicate:
            write(payload, now: now, into: &frames)
            write(payload, now: now, into: &frames)
        case .garbage: write([0xFF, 0xFE, 0x00, 0xC3, 0x28] + payload.prefix(20), now: now, into: &frames)
        case .truncate: write(Array(payload.prefix(payload.count / 2)), now: now, into: &frames)
        case .reorder:
            held.append(Held(payload: payload, left: fault?.window ?? 5, deadline: now + Self.longestHold))
            return
        default: write(payload, now: now, into: &frames)
        }
        for index in held.indices { held[index].left -= 1 }
        for message in held where message.left <= 0 { write(message.payload, now: now, into: &frames) }
        held.removeAll { $0.left <= 0 }
    }

    /// Writes what has waited long enough.
    mutating func release(now: Int64, into frames: inout WebSocketFrames) {
        if now >= silentUntil { silentUntil = 0 }
        guard end == nil, silentUntil == 0 else { return }
        if now >= slowUntil {
            slowUntil = 0
            for payload in delayed { frames.append(binary: payload) }
            delayed = []
        }
        for message in held where now >= message.deadline { write(message.payload, now: now, into: &frames) }
        held.removeAll { now >= $0.deadline }
    }

    private mutating func write(_ payload: [UInt8], now: Int64, into frames: inout WebSocketFrames) {
        guard now < slowUntil else {
            for earlier in delayed { frames.append(binary: earlier) }
            delayed = []
            frames.append(binary: payload)
            return
        }
        if delayed.count < Self.mostDelayed { delayed.append(payload) }
    }
}
