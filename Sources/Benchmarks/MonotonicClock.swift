import Glibc

/// CLOCK_MONOTONIC, in nanoseconds: one clock for all threads and processes of the machine.
enum MonotonicClock {
    static var nanoseconds: UInt64 {
        var reading = timespec()
        clock_gettime(CLOCK_MONOTONIC, &reading)
        return UInt64(reading.tv_sec) * 1_000_000_000 + UInt64(reading.tv_nsec)
    }

    /// Seconds between two readings.
    static func seconds(from start: UInt64, to end: UInt64) -> Double {
        (Double(end) - Double(start)) / 1e9
    }
}
