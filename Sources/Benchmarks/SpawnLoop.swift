import Glibc
import Lab

/// The limit of shell tasks: `posix_spawn` of `true`, a fixed number in flight, `waitpid` for any child.
///
/// One thread, no attributes or file actions, nothing else. It runs in a process of its own, since it takes every child's
/// end.
package enum SpawnLoop {
    /// Starts `count` processes; how many a second.
    ///
    /// Throws a sentence when one cannot be started.
    package static func rate(count: Int, inFlight: Int) throws -> Double {
        let path = "/usr/bin/true"
        let name = strdup("true")
        defer { free(name) }
        let arguments = [name, nil]
        let environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var started = 0
        var ended = 0
        let begin = MonotonicClock.nanoseconds
        while ended < count {
            while started < count, started - ended < inFlight {
                var pid: pid_t = 0
                let code = posix_spawn(&pid, path, nil, nil, arguments, environment)
                guard code == 0 else {
                    throw LabFailure("cannot start \(path): \(String(cString: strerror(code)))")
                }
                started += 1
            }
            var status: Int32 = 0
            if waitpid(-1, &status, 0) > 0 { ended += 1 }
        }
        return Double(count) / MonotonicClock.seconds(from: begin, to: MonotonicClock.nanoseconds)
    }
}

/// Takes a core for itself, for as long as its parent lives.
package enum Spinner {
    package static func spin(seconds: Int) {
        let parent = getppid()
        let begin = MonotonicClock.nanoseconds
        while MonotonicClock.seconds(from: begin, to: MonotonicClock.nanoseconds) < Double(seconds) {
            var sum: UInt64 = 1
            for number in 0..<1_000_000 as Range<UInt64> { sum = sum &* 6_364_136_223_846_793_005 &+ number }
            // The sum must not be optimised away.
            if sum == 0 || getppid() != parent { return }
        }
    }
}
