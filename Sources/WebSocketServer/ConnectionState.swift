import NIOCore
import Synchronization

/// What the handler on the event loop and the connection's users share.
final class ConnectionState: Sendable {
    private let ending = Mutex<WebSocketClosure?>(nil)
    private let waiting = Atomic<Int>(0)
    private let traffic = Atomic<UInt64>(NIODeadline.now().uptimeNanoseconds)

    /// How the connection ended, or is about to; the first that is told stays.
    var closure: WebSocketClosure? { ending.withLock { $0 } }

    func end(_ closure: WebSocketClosure) {
        ending.withLock { $0 = $0 ?? closure }
    }

    /// Bytes handed to the channel that the kernel has not taken yet.
    var outgoingBytes: Int { waiting.load(ordering: .relaxed) }

    /// Takes room for outgoing bytes: always when nothing waits, so that one message may be larger than the bound.
    func reserve(_ bytes: Int, limit: Int) -> Bool {
        let before = waiting.wrappingAdd(bytes, ordering: .relaxed).oldValue
        if before == 0 || before + bytes <= limit { return true }
        release(bytes)
        return false
    }

    func release(_ bytes: Int) {
        waiting.wrappingSubtract(bytes, ordering: .relaxed)
    }

    /// When the client last sent anything.
    var lastTraffic: NIODeadline {
        .uptimeNanoseconds(traffic.load(ordering: .relaxed))
    }

    func noteTraffic(_ now: NIODeadline) {
        traffic.store(now.uptimeNanoseconds, ordering: .relaxed)
    }
}
