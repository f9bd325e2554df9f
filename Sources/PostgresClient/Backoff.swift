/// Pauses between attempts: they double, up to a limit, each shortened at random by up to a half.
struct Backoff: Sendable {
    private let initial: Duration
    private let maximum: Duration
    private var current: Duration

    init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = maximum
        current = initial
    }

    /// The pause before the next attempt.
    mutating func next() -> Duration {
        defer { current = min(current * 2, maximum) }
        return current * Double.random(in: 0.5...1)
    }

    /// Begins anew after a success.
    mutating func reset() { current = initial }
}
