import CLinux
import Glibc

/// Waits for processes that need not be ours.
enum ProcessWaiter {
    /// Returns once all of them have ended, or after the given time.
    ///
    /// Blocks.
    static func wait(for entries: [ProcessTable.Entry], milliseconds: Int32) {
        let start = monotonicMilliseconds()
        for entry in entries {
            let descriptor = cryptoflow_pidfd_open(entry.pid)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // Another process may have the number by now; that one is not waited for.
            guard ProcessTable.entry(entry.pid)?.startTicks == entry.startTicks else { continue }
            let left = Int64(milliseconds) - (monotonicMilliseconds() - start)
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&item, 1, Int32(clamping: max(0, left))) < 0, errno == EINTR {}
        }
    }

    private static func monotonicMilliseconds() -> Int64 {
        var reading = timespec()
        clock_gettime(CLOCK_MONOTONIC, &reading)
        return Int64(reading.tv_sec) * 1_000 + Int64(reading.tv_nsec) / 1_000_000
    }
}
