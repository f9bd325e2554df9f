import CLibPQ
import Dispatch
import Synchronization

/// What libpq needs to ask the server to cancel a connection's statement.
///
/// Unchecked: libpq never changes it after `PQgetCancel`, and `PQcancel` may be called from any thread.
final class CancelHandle: @unchecked Sendable {
    private let raw: OpaquePointer

    init?(connection: OpaquePointer) {
        guard let raw = PQgetCancel(connection) else { return nil }
        self.raw = raw
    }

    deinit { PQfreeCancel(raw) }

    /// Cancelling opens a connection of its own and blocks meanwhile, so it has threads of its own.
    private static let queue = DispatchQueue(label: "postgres.cancel", attributes: .concurrent)

    /// Asks the server to cancel, without waiting for it.
    func send(waking pipe: WakePipe) -> CancelRequest {
        let request = CancelRequest()
        Self.queue.async {
            var text = [CChar](repeating: 0, count: 256)
            _ = PQcancel(self.raw, &text, 256)
            request.finish(waking: pipe)
        }
        return request
    }
}

/// A cancel under way.
///
/// The statement's connection is not used for anything else until it is done: libpq then knows that the server has sent
/// the signal, and a signal that finds no statement running is ignored.
final class CancelRequest: Sendable {
    private let done = Atomic<Bool>(false)

    var isDone: Bool { done.load(ordering: .acquiring) }

    fileprivate func finish(waking pipe: WakePipe) {
        done.store(true, ordering: .releasing)
        pipe.wake()
    }
}
