/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same everywhere.
struct SeededRandom: Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.finish(state)
    }

    /// A number in `0..<bound`; the bias of the remainder is far below what made-up data shows.
    mutating func below(_ bound: Int64) -> Int64 {
        bound <= 1 ? 0 : Int64(next() % UInt64(bound))
    }

    /// A number in `0..<1`.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// One seed out of several numbers.
    static func mix(_ first: UInt64, _ second: UInt64, _ third: UInt64 = 0) -> UInt64 {
        finish(finish(finish(first) ^ second &* 0x9E37_79B9_7F4A_7C15) ^ third &* 0xD6E8_FEB8_6659_FD93)
    }

    private static func finish(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
