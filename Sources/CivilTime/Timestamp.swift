import Glibc
// Beside Synchronization in one module, a whole-module build finds `timeval` declared there (Swift 6.3.1).
import SwiftOverlayShims

/// An instant: whole microseconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX time).
///
/// Microseconds are PostgreSQL's own resolution, so a value survives the database unchanged. Arithmetic saturates at
/// the ends of the range (about 292,000 years either way) instead of trapping.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the Unix epoch; negative before 1970.
    package var microseconds: Int64

    /// The Unix epoch, 1970-01-01T00:00:00Z.
    package static let epoch = Timestamp(microseconds: 0)
    /// 0001-01-01T00:00:00Z: earlier than any instant a schedule names.
    package static let distantPast = Timestamp(seconds: -62_135_596_800)
    /// 9999-12-31T23:59:59Z: later than any instant a schedule names.
    package static let distantFuture = Timestamp(seconds: 253_402_300_799)

    /// An instant from microseconds since the Unix epoch.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// An instant from whole seconds since the Unix epoch; saturates where microseconds would overflow.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// The wall clock's current reading.
    ///
    /// Decisions take time as a parameter instead of calling this.
    package static func now() -> Timestamp {
        var reading = timeval()
        gettimeofday(&reading, nil)
        return Timestamp(microseconds: Int64(reading.tv_sec) * 1_000_000 + Int64(reading.tv_usec))
    }

    /// Whole seconds since the Unix epoch, rounded down.
    package var seconds: Int64 {
        microseconds.flooredQuotient(1_000_000)
    }

    /// The microseconds past the whole second, 0 to 999,999.
    package var microsecondOfSecond: Int {
        Int(microseconds.flooredRemainder(1_000_000))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The instant `duration` later (earlier when negative); parts below a microsecond are cut off.
    package static func + (left: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = left.microseconds.addingReportingOverflow(duration.wholeMicroseconds)
        return Timestamp(microseconds: overflow ? (left.microseconds < 0 ? .min : .max) : sum)
    }

    /// The instant `duration` earlier; parts below a microsecond are cut off.
    package static func - (left: Timestamp, duration: Duration) -> Timestamp {
        let (difference, overflow) = left.microseconds.subtractingReportingOverflow(duration.wholeMicroseconds)
        return Timestamp(microseconds: overflow ? (left.microseconds < 0 ? .min : .max) : difference)
    }

    /// The time from `right` to `left`; negative when `left` is earlier.
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        let (difference, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
        return .microseconds(overflow ? (left.microseconds < right.microseconds ? .min : .max) : difference)
    }

    package static func += (left: inout Timestamp, duration: Duration) {
        left = left + duration
    }

    package static func -= (left: inout Timestamp, duration: Duration) {
        left = left - duration
    }
}

extension Duration {
    /// The duration in microseconds: parts below one are cut off, values out of range saturate.
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return overflowed ? (product < 0 ? .min : .max) : sum
    }
}

extension FixedWidthInteger {
    /// The quotient rounded toward negative infinity, so that calendar arithmetic works before 1970.
    ///
    /// As with `/`, the divisor must not be zero, nor -1 for the least number.
    package func flooredQuotient(_ divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
    }

    /// The remainder that goes with `flooredQuotient`: it has the divisor's sign.
    package func flooredRemainder(_ divisor: Self) -> Self {
        let remainder = self % divisor
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder
    }
}
