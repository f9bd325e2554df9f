import DAGModel

/// When a failed try is tried again.
enum RetryDelay {
    /// The longest delay when the task sets none: Airflow's `MAX_RETRY_DELAY`, one day.
    static let longest = Duration.seconds(24 * 60 * 60)

    /// The delay before the try that follows `tryNumber`.
    ///
    /// Without back-off it is `retry_delay`. With back-off it grows by the task's factor per try, and jitter adds up to the
    /// same again, so tasks that failed together do not come back together. The jitter is a hash of what identifies the
    /// try, so a decision made twice comes out the same. Source: Airflow 3, `TaskInstance.next_retry_datetime`.
    static func after(tryNumber: Int, of task: TaskSpec, in dag: DAGID, runID: String) -> Duration {
        let cap = min(task.maxRetryDelay ?? longest, longest)
        guard task.retryBackoff > 1 else { return min(task.retryDelay, cap) }
        let capSeconds = seconds(cap)
        var base = seconds(task.retryDelay)
        for _ in 1..<max(tryNumber, 1) {
            base *= task.retryBackoff
            if base >= capSeconds { return cap }
        }
        let share = Double(hash("\(dag)#\(task.id)#\(runID)#\(tryNumber)") % 1_000) / 1_000
        return min(.milliseconds(Int64((base * (1 + share) * 1_000).rounded())), cap)
    }

    private static func seconds(_ duration: Duration) -> Double {
        let parts = duration.components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }

    /// FNV-1a, 64 bits: stable over processes, unlike `Hasher`.
    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash = hash &* 0x100_0000_01b3
        }
        return hash
    }
}
