import Dispatch
import Glibc
import Lab

/// What a commit's sync costs on this disk at this moment.
///
/// 8 kB written over a file that has its size already, then fdatasync, one after the other: pg_test_fsync's fdatasync line.
enum DiskProbe {
    /// Microseconds each took.
    ///
    /// It goes on for half a second, on a queue of its own.
    static func syncMicroseconds(in folder: String) async throws -> Spread {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "bench.disk").async {
                continuation.resume(with: Result { try measure(folder) })
            }
        }
    }

    private static func measure(_ folder: String) throws -> Spread {
        let path = folder + "/fsync-probe"
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LabFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x5A, count: 8_192)
        let blocks = 512
        for number in 0..<blocks { pwrite(file, block, block.count, off_t(number * block.count)) }
        fsync(file)
        var times: [Double] = []
        let start = MonotonicClock.nanoseconds
        var number = 0
        while MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds) < 0.5 {
            let before = MonotonicClock.nanoseconds
            pwrite(file, block, block.count, off_t(number % blocks * block.count))
            guard fdatasync(file) == 0 else { throw LabFailure("fdatasync fails on \(path)") }
            times.append(Double(MonotonicClock.nanoseconds - before) / 1e3)
            number += 1
        }
        return Spread(times)
    }
}
