/// Counts by second, for the last minute.
struct RateMeter: Sendable {
    private static let length = 64
    private var counts = [Int](repeating: 0, count: length)
    /// The second of the newest count.
    private var newest: Int64 = 0

    mutating func add(_ count: Int, at now: Duration) {
        advance(to: now.components.seconds)
        counts[Int(newest) % Self.length] += count
    }

    /// A second's mean over the last 10 whole seconds.
    mutating func rate(at now: Duration) -> Double {
        Double(last(10, at: now).reduce(0, +)) / 10
    }

    /// The last whole seconds, oldest first.
    mutating func last(_ seconds: Int, at now: Duration) -> [Int] {
        advance(to: now.components.seconds)
        return (1...seconds).reversed().map { ago in
            newest >= ago ? counts[Int(newest - Int64(ago)) % Self.length] : 0
        }
    }

    private mutating func advance(to second: Int64) {
        guard second > newest else { return }
        for step in 1...min(second - newest, Int64(Self.length)) {
            counts[Int(second - step + 1) % Self.length] = 0
        }
        newest = second
    }
}
