import CivilTime

extension Timestamp {
    /// Whole milliseconds since the Unix epoch, the exchange's own unit.
    var milliseconds: Int64 { microseconds.flooredQuotient(1000) }
}
