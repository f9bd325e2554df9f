import CivilTime
import FoundationEssentials
import Testing

@Suite("Instants")
struct TimestampTests {
    @Test(
        "ISO 8601 is read in every usual form",
        arguments: [
            ("2024-02-29", 1_709_164_800_000_000), ("2024-02-29T07:18", 1_709_191_080_000_000),
            ("2024-02-29T07:18:00Z", 1_709_191_080_000_000), ("2024-02-29 07:18:00.25", 1_709_191_080_250_000),
            ("2024-02-29T16:18:00+09:00", 1_709_191_080_000_000), ("2024-02-29T16:18:00+0900", 1_709_191_080_000_000),
            ("2024-02-29T04:18:00-03", 1_709_191_080_000_000), ("1969-12-31T23:59:59.999999Z", -1),
            ("2024-02-29t07:18:00,1234567z", 1_709_191_080_123_456), ("0001-01-01", -62_135_596_800_000_000),
        ])
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
    }

    @Test(
        "anything else is not an instant",
        arguments: [
            "", "2024", "2024-2-9", "2023-02-29", "2024-13-01", "2024-01-01T", "2024-01-01T24:00", "2024-01-01T00:60",
            "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+25:00", "2024-01-01T00:00:00Zx",
            "2024-01-01T00:00:00 Z", "٢٠٢٤-01-01", "2024-01-01Z", "-2024-01-01",
        ])
    func refuses(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("text is written in UTC, with a fraction only when there is one, and read back")
    func writes() {
        #expect(Timestamp(seconds: 1_767_225_600).iso8601 == "2026-01-01T00:00:00Z")
        #expect(Timestamp(microseconds: -1).iso8601 == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: 50).iso8601 == "1970-01-01T00:00:00.000050Z")
        for value in [Timestamp.distantPast, .distantFuture, .epoch, Timestamp(microseconds: 123_456_789)] {
            #expect(Timestamp(value.iso8601) == value)
        }
    }

    @Test("arithmetic saturates instead of overflowing")
    func saturates() {
        let last = Timestamp(microseconds: .max)
        #expect(last + .seconds(1) == last)
        #expect(Timestamp(microseconds: .min) - .seconds(1) == Timestamp(microseconds: .min))
        #expect(Timestamp(seconds: .max) == last)
        #expect(last - Timestamp(microseconds: .min) == .microseconds(Int64.max))
        #expect(Timestamp.epoch + .milliseconds(1500) - .epoch == .milliseconds(1500))
        #expect(!last.iso8601.isEmpty && !Timestamp(microseconds: .min).iso8601.isEmpty)
    }

    @Test("JSON carries ISO 8601 text")
    func json() throws {
        let data = try JSONEncoder().encode([Timestamp(seconds: 0)])
        #expect(String(decoding: data, as: UTF8.self) == #"["1970-01-01T00:00:00Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [.epoch])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
    }

    @Test("the wall clock reads between two readings of itself")
    func wallClock() {
        let first = Timestamp.now()
        #expect(first > Timestamp(seconds: 1_700_000_000) && first < .distantFuture)
    }

    @Test("an interval holds its start and not its end")
    func interval() {
        let interval = DataInterval(start: .epoch, end: .epoch + .seconds(60))
        #expect(interval.contains(.epoch) && !interval.contains(interval.end) && !interval.isEmpty)
        #expect(DataInterval(at: .epoch).isEmpty && !DataInterval(at: .epoch).contains(.epoch))
        #expect(interval.overlaps(DataInterval(start: .epoch + .seconds(59), end: .distantFuture)))
        #expect(!interval.overlaps(DataInterval(start: interval.end, end: .distantFuture)))
    }
}

@Suite("Civil dates")
struct CivilDateTimeTests {
    @Test("days and dates are each other's inverse over whole cycles")
    func inverse() {
        var expected = (year: 1599, month: 12, day: 31)
        for days in -135_141...(-135_141 + 146_097 + 800) {
            let date = CivilDateTime.date(daysSinceEpoch: days)
            #expect(date == expected)
            #expect(CivilDateTime.daysSinceEpoch(year: date.year, month: date.month, day: date.day) == days)
            expected.day += 1
            if expected.day > CivilDateTime.daysIn(month: expected.month, year: expected.year) {
                expected = expected.month == 12 ? (expected.year + 1, 1, 1) : (expected.year, expected.month + 1, 1)
            }
        }
    }

    @Test("weekdays, days of the year and day arithmetic are right")
    func facts() throws {
        let leapDay = try #require(CivilDateTime(year: 2024, month: 2, day: 29, hour: 7, minute: 18))
        #expect(leapDay.weekday == 4 && leapDay.dayOfYear == 60)
        #expect(leapDay.adding(days: 366).description == "2025-03-01T07:18:00")
        #expect(leapDay.startOfDay.secondsAsUTC == 1_709_164_800)
        #expect(CivilDateTime(year: 2100, month: 2, day: 29) == nil)
        #expect(CivilDateTime(year: 2000, month: 2, day: 29) != nil)
        #expect(CivilDateTime(year: 2024, month: 1, day: 1, hour: 24) == nil)
        #expect(CivilDateTime(secondsAsUTC: -1).description == "1969-12-31T23:59:59")
    }
}
