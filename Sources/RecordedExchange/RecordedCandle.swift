/// One recorded hour of a market, or a recorded minute.
///
/// Prices and volume are whole numbers of 10⁻⁸ KRW or coins, so every digit of the recording is kept and sums are exact.
struct RecordedCandle: Sendable, Equatable {
    /// Start of the slot on the recording's own clock, in seconds since the Unix epoch.
    var openTime: Int64
    var open: Int64
    var high: Int64
    var low: Int64
    var close: Int64
    var volume: Int64

    /// Seconds in an hour's slot.
    static let slotSeconds: Int64 = 3600
    /// The scale of all numbers here.
    static let unit: Int64 = 100_000_000

    /// The end of an hour's slot, which belongs to the next hour.
    var endTime: Int64 { openTime + Self.slotSeconds }
}
