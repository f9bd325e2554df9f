import CLinux
import Dispatch

/// Gives back to the system what a burst of work left free in the heap, once the burst is over.
///
/// Ten thousand documents and their first runs leave tens of megabytes in pieces between what stays.
struct HeapCare {
    /// Changes written since the last time.
    private var written = 0
    /// A trim takes milliseconds; what fewer changes leave behind is soon used again.
    private static let burst = 20_000

    mutating func wrote(_ changes: Int) { written += changes }

    /// Call when nothing waits to be written.
    mutating func rest() {
        guard written >= Self.burst else { return }
        written = 0
        DispatchQueue.global(qos: .utility).async { cryptoflow_trim_heap() }
    }
}
