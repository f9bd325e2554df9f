import CivilTime
import FoundationEssentials
import Testing
import Timetables

@Suite("Changes of the clocks")
struct DSTPolicyTests {
    private func fires(
        _ expression: String, _ policy: DSTPolicy, from: String, through: String
    ) throws -> [String] {
        let zone = try TimeZoneRules(named: "America/New_York")
        let schedule = try CronSchedule(parsing: expression, zone: zone, policy: policy)
        let end = try #require(Timestamp(iso8601: through, in: zone))
        var cursor = try #require(Timestamp(iso8601: from, in: zone))
        var found: [Timestamp] = []
        while let fire = schedule.nextFire(after: cursor), fire <= end {
            found.append(fire)
            cursor = fire
        }
        if !policy.followsAirflow {
            var backward: [Timestamp] = []
            cursor = end + .microseconds(1)
            let start = try #require(Timestamp(iso8601: from, in: zone))
            while let fire = schedule.previousFire(before: cursor), fire > start {
                backward.append(fire)
                cursor = fire
            }
            #expect(backward.reversed() == found)
            #expect(found.allSatisfy { schedule.fires(at: $0) })
        }
        return found.map { String($0.iso8601(in: zone).dropFirst(8)) }
    }

    @Test(
        "a fixed time in the gap",
        arguments: [
            (DSTPolicy.debian, ["09T03:00:00-04:00", "10T02:30:00-04:00"]),
            (DSTPolicy(gap: .shift), ["09T03:30:00-04:00", "10T02:30:00-04:00"]),
            (DSTPolicy(gap: .skip), ["10T02:30:00-04:00"]),
            (DSTPolicy.airflow, ["09T03:30:00-04:00", "10T02:30:00-04:00"]),
        ])
    func gap(policy: DSTPolicy, expected: [String]) throws {
        #expect(try fires("30 2 * * *", policy, from: "2025-03-09T00:00", through: "2025-03-10T12:00") == expected)
    }

    @Test(
        "a fixed time in the overlap",
        arguments: [
            (DSTPolicy.debian, ["02T01:30:00-04:00", "03T01:30:00-05:00"]),
            (DSTPolicy(overlap: .last), ["02T01:30:00-05:00", "03T01:30:00-05:00"]),
            (DSTPolicy(overlap: .both), ["02T01:30:00-04:00", "02T01:30:00-05:00", "03T01:30:00-05:00"]),
            (DSTPolicy.airflow, ["02T01:30:00-05:00", "03T01:30:00-05:00"]),
        ])
    func overlap(policy: DSTPolicy, expected: [String]) throws {
        #expect(try fires("30 1 * * *", policy, from: "2025-11-02T00:00", through: "2025-11-03T12:00") == expected)
    }

    @Test("several fixed times in the gap run once after it, or each shifted")
    func severalInGap() throws {
        let range = (from: "2025-03-09T01:00", through: "2025-03-09T03:30")
        #expect(
            try fires("0,20,40 2,3 * * *", .debian, from: range.from, through: range.through)
                == ["09T03:00:00-04:00", "09T03:20:00-04:00"])
        #expect(
            try fires("10,20 2 * * *", DSTPolicy(gap: .shift), from: range.from, through: range.through)
                == ["09T03:10:00-04:00", "09T03:20:00-04:00"])
    }

    @Test(
        "schedules that follow the clock ignore the policy",
        arguments: [DSTPolicy.debian, DSTPolicy(gap: .shift, overlap: .last)])
    func followsClock(policy: DSTPolicy) throws {
        #expect(
            try fires("0 * * * *", policy, from: "2025-03-09T00:30", through: "2025-03-09T04:00")
                == ["09T01:00:00-05:00", "09T03:00:00-04:00", "09T04:00:00-04:00"])
        #expect(
            try fires("0 * * * *", policy, from: "2025-11-02T00:30", through: "2025-11-02T02:00")
                == ["02T01:00:00-04:00", "02T01:00:00-05:00", "02T02:00:00-05:00"])
    }

    @Test("asked from within a repeated hour, the answer is after the question")
    func withinOverlap() throws {
        let zone = try TimeZoneRules(named: "America/New_York")
        let schedule = try CronSchedule(parsing: "50 1 * * *", zone: zone)
        let secondPass = try #require(Timestamp(iso8601: "2025-11-02T01:45:00-05:00"))
        #expect(schedule.nextFire(after: secondPass)?.iso8601(in: zone) == "2025-11-03T01:50:00-05:00")
        #expect(schedule.previousFire(before: secondPass)?.iso8601(in: zone) == "2025-11-02T01:50:00-04:00")
    }

    @Test("half-hour changes, a skipped day and changes at midnight")
    func oddZones() throws {
        let cases = [
            ("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T12:00:00Z", "2025-10-05T02:30:00+11:00"),
            ("0 12 * * *", "Pacific/Apia", "2011-12-30T00:00:00Z", "2011-12-31T00:00:00+14:00"),
            ("30 0 * * *", "America/Santiago", "2025-09-06T12:00:00Z", "2025-09-07T01:00:00-03:00"),
        ]
        for (expression, name, from, expected) in cases {
            let zone = try TimeZoneRules(named: name)
            let schedule = try CronSchedule(parsing: expression, zone: zone)
            let start = try #require(Timestamp(iso8601: from))
            #expect(schedule.nextFire(after: start)?.iso8601(in: zone) == expected)
        }
    }

    @Test("a preview tells what the next changes do")
    func preview() throws {
        let zone = try TimeZoneRules(named: "America/New_York")
        let now = try #require(Timestamp(iso8601: "2026-11-21"))
        let previews = try CronSchedule(parsing: "30 2 * * *", zone: zone).dstPreview(after: now)
        #expect(previews.count == 2)
        #expect(
            previews.first?.text == "2027-03-14: clocks in America/New_York go from 02:00 to 03:00; "
                + "02:30 does not exist, runs around it: 03:00 EDT")
        let repeated = try CronSchedule(parsing: "30 1 * * *", zone: zone).dstPreview(after: now)
        #expect(repeated.last?.text.contains("01:30 comes twice, runs around it: 01:30 EDT") == true)
        #expect(try CronSchedule(parsing: "0 12 * * *", zone: zone).dstPreview(after: now).first?.localTimes == [])
        #expect(try CronSchedule(parsing: "0 12 * * *").dstPreview(after: now).isEmpty)
    }

    /// Times are croniter 7's.
    @Test(
        "under Airflow's policy the day fields combine as croniter combines them",
        arguments: [
            ("0 0 5 * 5#1", ["01-05", "02-02", "03-01"]), ("0 0 */10 * MON", ["01-01", "01-08", "01-11"]),
            ("0 0 1 * 2,*", ["01-01", "02-01", "03-01"]), ("0 0 25 * L5", ["01-26", "02-23", "03-29"]),
        ])
    func airflowDays(text: String, expected: [String]) throws {
        let schedule = try CronSchedule(parsing: text, policy: .airflow)
        var cursor = try #require(Timestamp(iso8601: "2023-12-31T12:00:00Z"))
        for date in expected {
            cursor = try #require(schedule.nextFire(after: cursor))
            #expect(TimeFormat.strftime(cursor, "%m-%d") == date)
        }
    }

    @Test("a policy is written as Airflow's name or its two parts")
    func json() throws {
        for policy in [DSTPolicy.debian, .airflow, DSTPolicy(gap: .skip, overlap: .both)] {
            #expect(try JSONDecoder().decode(DSTPolicy.self, from: JSONEncoder().encode(policy)) == policy)
        }
        #expect(
            try JSONDecoder().decode(DSTPolicy.self, from: Data(#"{"gap":"shift"}"#.utf8)) == DSTPolicy(gap: .shift))
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(DSTPolicy.self, from: Data(#""vixie""#.utf8)) }
    }
}
