import CivilTime

/// Readings of the time notations that exchanges use, refusing years that can only be mistakes.
extension JSONReader {
    /// No exchange here is older.
    private static let earliest = Timestamp(seconds: 1_262_304_000)  // 2010-01-01
    private static let latest = Timestamp(seconds: 4_102_444_800)  // 2100-01-01

    /// Milliseconds since 1970.
    mutating func milliseconds() throws(MalformedData) -> Timestamp {
        let value = try integer()
        let (microseconds, overflow) = value.multipliedReportingOverflow(by: 1000)
        let instant = Timestamp(microseconds: microseconds)
        guard !overflow, instant >= Self.earliest, instant < Self.latest else {
            throw failure("\(value) is no time in milliseconds between 2010 and 2100")
        }
        return instant
    }

    /// `yyyy-MM-ddTHH:mm:ss` without a zone, read as UTC.
    mutating func zonelessDateTime() throws(MalformedData) -> Timestamp {
        let civil = try plainString { bytes in Self.civil(bytes) }
        guard let instant = civil?.asUTC, instant >= Self.earliest, instant < Self.latest else {
            throw failure("not a time such as 2026-01-31T09:00:00 between 2010 and 2100")
        }
        return instant
    }

    private static func civil(_ bytes: UnsafeBufferPointer<UInt8>) -> CivilDateTime? {
        guard bytes.count == 19, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x54, bytes[13] == 0x3A,
            bytes[16] == 0x3A, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19])
        else { return nil }
        return CivilDateTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var value = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }
}
