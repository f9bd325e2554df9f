import CLinux
import Dispatch

/// Tells when what work has left free in the heap should be given back to the system.
///
/// Ten thousand documents and their first runs leave tens of megabytes in pieces between what stays. Giving them back
/// takes milliseconds, and what is used again must be fetched again, so it is only done when a burst is over.
struct HeapCare {
    /// In changes written, since the last time.
    private var work = 0
    private var isQuiet = true

    /// After so much a pause of any length will do.
    private static let burst = 20_000
    /// After so much it must be quiet for a while.
    private static let someWork = 1_000

    mutating func wrote(changes: Int) {
        work += changes
        isQuiet = false
    }

    /// A document and its graph are worth about ten changes.
    mutating func loaded(documents: Int) { wrote(changes: 10 * documents) }

    /// Whether to do it now, when nothing waits to be written.
    mutating func isDueAtRest() -> Bool { isDue(from: Self.burst) }

    /// Whether to do it now; asked every second or so.
    mutating func isDueAtLook() -> Bool {
        defer { isQuiet = true }
        return isQuiet && isDue(from: Self.someWork)
    }

    private mutating func isDue(from enough: Int) -> Bool {
        guard work >= enough else { return false }
        work = 0
        return true
    }

    /// Off the caller's thread.
    static func trim() {
        DispatchQueue.global(qos: .utility).async { cryptoflow_trim_heap() }
    }
}
