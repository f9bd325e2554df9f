/// Waits longer each time, up to a second: between tries to reach the database.
struct Backoff: Sendable {
    private(set) var attempts = 0

    var hasWaited: Bool { attempts > 0 }

    /// Returns early when the task is cancelled.
    mutating func wait() async {
        let milliseconds = min(20 << min(attempts, 6), 1_000)
        attempts += 1
        try? await Task.sleep(for: .milliseconds(milliseconds + Int.random(in: 0...milliseconds / 4)))
    }
}
