import Glibc
import Synchronization

/// Wakes a connection out of `poll` from any thread.
///
/// It may be written to when nothing waits, or when the next statement already runs: a waiter wakes, looks at its own
/// ``QueryTicket`` and waits on. The descriptors live as long as anyone could still write.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    /// - Throws: ``PostgresError`` of kind `connectionFailed` when the process has no descriptors left.
    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresError(
                .connectionFailed,
                "cannot open a pipe: \(String(cString: strerror(errno))). Raise the limit of open files")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Makes the present or the next `poll` return.
    ///
    /// A full pipe has woken it already.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Takes all pending wakes.
    func drain() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(readEnd, &bytes, 16) > 0 {}
    }
}

/// One statement's right to be cancelled.
///
/// A cancel after its end finds nobody who looks at it.
final class QueryTicket: Sendable {
    private let cancelled = Atomic<Bool>(false)

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel(waking pipe: WakePipe) {
        cancelled.store(true, ordering: .releasing)
        pipe.wake()
    }
}
