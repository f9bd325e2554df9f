/// A made-up trade between recorded prices, on the recording's clock.
struct MadeTrade: Sendable, Equatable {
    /// Milliseconds since the Unix epoch.
    var time: Int64
    /// Counts the trades of one millisecond.
    var suffix: Int64
    /// In 10⁻⁸ KRW.
    var price: Int64
    /// In 10⁻⁸ coins.
    var volume: Int64
    /// Whether the buyer took.
    var isBid: Bool

    /// The number Upbit would give it: the millisecond followed by four digits, unique in its market.
    ///
    /// - Parameter shift: milliseconds from recorded to served times.
    func sequentialID(shift: Int64) -> Int64 { (time + shift) * 10_000 + suffix }

    /// price × volume, in 10⁻¹⁶ KRW.
    var value: Int128 { Int128(price) * Int128(volume) }
}
