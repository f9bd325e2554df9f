import CivilTime
import Testing

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        "every form is read",
        arguments: [
            ("PT5M", 300_000), ("P1D", 86_400_000), ("P1W", 604_800_000), ("P1DT2H30M", 95_400_000), ("PT1.5S", 1500),
            ("pt0s", 0), ("5m", 300_000), ("30s", 30_000), ("2h", 7_200_000), ("1d", 86_400_000), ("500ms", 500),
            ("1h30m", 5_400_000), ("1h 30m", 5_400_000), ("1.5h", 5_400_000), ("5 minutes", 300_000), ("90", 90_000),
            ("0.5", 500), ("0", 0), ("01:30:00", 5_400_000), ("00:00:01.25", 1250), ("100:00:00", 360_000_000),
            ("-PT5M", -300_000), ("-30s", -30_000), (" 5m ", 300_000), ("1w2d", 777_600_000), ("1D", 86_400_000),
        ])
    func reads(text: String, milliseconds: Int64) throws {
        #expect(try Duration(parsing: text) == .milliseconds(milliseconds))
    }

    @Test(
        "anything else is refused with a reason",
        arguments: [
            "", " ", "-", "P", "PT", "P1", "P1M", "P1Y", "PT1D", "P1H", "PT5M1H", "PT1H1H", "P1DT", "5x", "m", "5m30",
            "30s5m", "5m5m", "1:30", "1:60:00", "1:00:60", "::", "1e3", "٣s", "5 m s", "99999999999999999999s",
            "9999999999w", "5.m.", ".", "1.2.3",
        ])
    func refuses(text: String) throws {
        let error = try #require(throws: DurationTextError.self) { try Duration(parsing: text) }
        #expect(error.description.contains("write one such as"))
    }

    @Test(
        "people read the largest units",
        arguments: [
            (5400, nil, "1h 30m"), (0, nil, "0s"), (90_061, nil, "1d 1h 1m 1s"), (90_061, 2, "1d 1h"),
            (-5400, nil, "-1h 30m"),
        ])
    func human(seconds: Int, units: Int?, expected: String) {
        #expect(Duration.seconds(seconds).humanText(units: units ?? .max) == expected)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        for duration in [
            Duration.zero, .seconds(1), .milliseconds(250), .seconds(86_400), .seconds(86_461), .microseconds(1),
            .seconds(-5400), .microseconds(Int64.max), .microseconds(-1_500_000),
        ] {
            #expect(try Duration(parsing: duration.iso8601) == duration, "\(duration.iso8601)")
            #expect(try Duration(parsing: duration.humanText()) == duration, "\(duration.humanText())")
        }
        #expect(Duration.seconds(91_800).iso8601 == "P1DT1H30M")
        #expect(Duration.milliseconds(250).iso8601 == "PT0.25S")
    }
}

@Suite("Formatting times")
struct TimeFormatTests {
    @Test(
        "directives write what Python writes",
        arguments: [
            ("%Y-%m-%d %H:%M:%S.%f", "2024-02-29 07:05:09.000250"), ("%y%j%U%W", "240600809"),
            ("%a %A %b %B", "Thu Thursday Feb February"),
            ("%I:%M %p", "07:05 AM"), ("%-d %-m %-H %e", "29 2 7 29"), ("%G-W%V-%u", "2024-W09-4"),
            ("%F %T %D %R", "2024-02-29 07:05:09 02/29/24 07:05"),
            ("%z %:z %Z", "+0900 +09:00 KST"), ("100%%", "100%"), ("%Q %-Q %", "%Q %-Q %"), ("日付 %d日", "日付 29日"),
            ("%s", "1709157909"), ("", ""),
        ])
    func strftime(format: String, expected: String) throws {
        let instant = try #require(Timestamp(iso8601: "2024-02-29T07:05:09.00025+09:00"))
        #expect(TimeFormat.strftime(instant, format, in: try TimeZoneRules(named: "Asia/Seoul")) == expected)
    }

    @Test("ISO weeks belong to the year of their Thursday")
    func isoWeeks() throws {
        for (date, week) in [("2021-01-03", "2020-W53"), ("2024-12-30", "2025-W01"), ("2023-01-01", "2022-W52")] {
            #expect(TimeFormat.strftime(try #require(Timestamp(iso8601: date)), "%G-W%V") == week)
        }
    }
}
