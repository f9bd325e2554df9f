import CivilTime
import FoundationEssentials
import Testing
import Timetables

@Suite("Cron expressions")
struct CronExpressionTests {
    private func fires(_ expression: String, from: String = "2024-01-01T00:00:00Z", _ count: Int = 3) throws -> [String]
    {
        let schedule = try CronSchedule(parsing: expression)
        var cursor = try #require(Timestamp(iso8601: from)) - .microseconds(1)
        return (0..<count).compactMap { _ in
            guard let fire = schedule.nextFire(after: cursor) else { return nil }
            cursor = fire
            return String(fire.iso8601.dropLast(4).dropFirst(5))
        }
    }

    @Test(
        "messages name the field, the text, the place and what would be right",
        arguments: [
            ("60 * * * *", CronField.minute, "60", 1, "60 is out of range; use 0 to 59"),
            ("* 24 * * *", .hour, "24", 3, "24 is out of range; use 0 to 23"),
            ("* * 1,32 * *", .dayOfMonth, "32", 7, "32 is out of range; use 1 to 31 or L"),
            ("* * * JANUARY *", .month, "JANUARY", 7, "names have three letters"),
            ("* * * * JAN", .dayOfWeek, "JAN", 9, "belongs in the month field"),
            ("* * * * * 60", .second, "60", 11, "60 is out of range"),
            ("*/0 * * * *", .minute, "0", 3, "a step of 0 never moves"),
            ("1,,2 * * * *", .minute, "", 3, "an empty item in the list"),
            (", * * * *", .minute, "", 1, "an empty item in the list"),
            ("1, * * * *", .minute, "", 3, "an empty item in the list"),
            ("H * * * *", .minute, "H", 1, "H (a hashed value) is not supported"),
            ("0~30 * * * *", .minute, "0~30", 1, "~ (a random value) is not supported"),
            ("0 0 15W * *", .dayOfMonth, "15W", 5, "W (the nearest working day) is not supported"),
            ("0 0 L-3 * *", .dayOfMonth, "L-3", 5, "use L for the month's last day"),
            ("0 0 * * MON#6", .dayOfWeek, "6", 13, "use 1 to 5 after #"),
            ("\t99999999999999999999999 * * * *", .minute, "99999999999999999999999", 2, "is out of range"),
            ("０ * * * *", .minute, "０", 1, "not ASCII"),
            ("* * * *", .dayOfWeek, "", 8, "has 4 of 5 fields, missing day-of-week"),
            ("? * * * *", .minute, "?", 1, "? is for day-of-month and day-of-week"),
        ])
    func messages(text: String, field: CronField, found: String, column: Int, reason: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(parsing: text) }
        #expect(error.field == field)
        #expect(error.found == found)
        #expect(error.column == column)
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test(
        "faults of the whole text say so",
        arguments: [
            ("", "is empty"), ("@dayly", "did you mean @daily?"), ("@every 5m", "@every is not supported"),
            ("@once", "a timetable of its own"), ("@continuous", "a timetable of its own"), ("@reboot", "no meaning"),
            ("@daily 5", "stands alone"), ("@xyzzyq", "use one of @hourly"),
            ("* * * * * * 2030", "a year field is not supported"),
            ("CRON_TZ=Asia/Seoul 0 0 * * *", "is not a value of this field"), ("TZ=UTC", "set the DAG's timezone"),
            (String(repeating: "*", count: 5000), "at most 1000"),
        ])
    func wholeFaults(text: String, reason: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(parsing: text) }
        #expect(error.reason.contains(reason) || text.hasPrefix("CRON_TZ"), "\(error)")
        #expect(error.description.unicodeScalars.count < 400)
    }

    @Test(
        "forms that mean the same fire at the same times",
        arguments: [
            ("@Hourly", "0 * * * *"), ("  0\t*  * *\n*\n", "0 * * * *"), ("00 007 * * *", "0 7 * * *"),
            ("0 0 * * 7", "0 0 * * SUN"), ("0 0 * * 7-7", "0 0 * * 0"), ("0 0 * * 5-7", "0 0 * * fri,sat,sun"),
            ("0 0 * * 0-7", "0 0 * * *"), ("*/1 * * * *", "* * * * *"), ("1-5/2 * * * *", "1,3,5 * * * *"),
            ("50/5 * * * *", "50,55 * * * *"), ("*/100 * * * *", "0 * * * *"), ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
            ("0 22-3/2 * * *", "0 22,0,2 * * *"), ("0 0 * * FRI-MON", "0 0 * * 5,6,0,1"),
            ("0 0 * * 7-2", "0 0 * * 0-2"),
            ("0 0 1 DEC-FEB *", "0 0 1 12,1,2 *"), ("0 0 ? * MON", "0 0 * * MON"), ("0 0 * * L5", "0 0 * * 5L"),
            ("0 0 * * 0#1", "0 0 * * SUN#1"), ("0 0 * * 7#1", "0 0 * * 0#1"), ("0 0 * * L7", "0 0 * * L0"),
            ("5-5/10 * * * *", "5 * * * *"), ("*/99999999999999999999 * * * *", "0 * * * *"),
            ("0 * * * * 0", "0 * * * *"),
            ("0 0 l * *", "0 0 L * *"), ("0 0 * * 5/1", "0 0 * * 5,6"), ("@quarterly", "0 0 1 1,4,7,10 *"),
        ])
    func equivalents(text: String, plain: String) throws {
        #expect(try fires(text, 40) == fires(plain, 40))
    }

    @Test(
        "days of the calendar's edges",
        arguments: [
            ("0 0 L * *", ["01-31T00:00", "02-29T00:00", "03-31T00:00"]),
            ("0 0 1,L * *", ["01-01T00:00", "01-31T00:00", "02-01T00:00"]),
            ("0 0 * * L5", ["01-26T00:00", "02-23T00:00", "03-29T00:00"]),
            ("0 0 * * MON#1", ["01-01T00:00", "02-05T00:00", "03-04T00:00"]),
            ("0 0 * * 5#5", ["03-29T00:00", "05-31T00:00", "08-30T00:00"]),
            ("0 0 13 * 5", ["01-05T00:00", "01-12T00:00", "01-13T00:00"]),
            ("0 0 */10 * 1", ["01-01T00:00", "03-11T00:00", "04-01T00:00"]),
            ("30 59 * * * 30", []),
        ])
    func days(text: String, expected: [String]) throws {
        guard !expected.isEmpty else {
            #expect(throws: CronError.self) { try CronExpression(parsing: text) }
            return
        }
        #expect(try fires(text) == expected)
    }

    @Test("29 February is found across a century without one, in both directions")
    func leapDays() throws {
        let schedule = try CronSchedule(parsing: "0 0 29 2 *")
        let before = try #require(Timestamp(iso8601: "2096-03-01"))
        let after = try #require(schedule.nextFire(after: before))
        #expect(after.iso8601 == "2104-02-29T00:00:00Z")
        #expect(schedule.previousFire(before: after)?.iso8601 == "2096-02-29T00:00:00Z")
        let rare = try CronSchedule(parsing: "0 0 29 2 */7", zone: TimeZoneRules(named: "America/New_York"))
        #expect(rare.nextFire(after: before)?.iso8601 == "2128-02-29T05:00:00Z")
        #expect(rare.nextFire(after: .distantFuture) == nil)
        #expect(rare.previousFire(before: .distantPast) == nil)
    }

    @Test("seconds come last")
    func seconds() throws {
        let schedule = try CronSchedule(parsing: "* * * * * */20")
        #expect(schedule.nextFire(after: .epoch)?.microseconds == 20_000_000)
        #expect(schedule.nextFire(after: Timestamp(microseconds: 40_000_001))?.microseconds == 60_000_000)
        #expect(schedule.previousFire(before: Timestamp(microseconds: 40_000_001))?.microseconds == 40_000_000)
        #expect(schedule.previousFire(before: Timestamp(microseconds: 40_000_000))?.microseconds == 20_000_000)
    }

    @Test("a star with a step beside another day field is pointed out")
    func starStep() throws {
        #expect(try CronExpression(parsing: "0 0 */10 * MON").mixesStarStepWithDay)
        for text in ["0 0 */10 * *", "0 0 * * MON", "0 0 1 * MON", "0 0 ? * MON", "@daily"] {
            #expect(try !CronExpression(parsing: text).mixesStarStepWithDay)
        }
    }

    @Test(
        "simple expressions are told in words",
        arguments: [
            ("* * * * *", "every minute"), ("*/5 * * * *", "every 5 minutes"), ("0 * * * *", "hourly at :00"),
            ("5,35 * * * *", "hourly at :05 and :35"), ("@daily", "daily at 00:00"), ("30 2 * * *", "daily at 02:30"),
            ("0 9,18 * * 1-5", "at 09:00 and 18:00 on weekdays"), ("0 9 * * MON", "at 09:00 on Mondays"),
            ("0 */6 * * *", "every 6 hours at :00"), ("0 0 1 * *", "at 00:00 on day 1 of the month"),
            ("0 0 L * *", "at 00:00 on the last day of the month"),
            ("0 0 * * 5#2", "at 00:00 on the second Friday of the month"),
            ("0 0 * * L5", "at 00:00 on the last Friday of the month"),
            ("0 0 1 1,7 *", "at 00:00 on day 1 of the month in January and July"),
        ])
    func phrases(text: String, phrase: String) throws {
        #expect(try CronExpression(parsing: text).phrase == phrase)
    }

    @Test(
        "expressions words would not help have none",
        arguments: ["1,2,3,4,5 * * * *", "0 0 1 * MON", "0 0 30 2 *", "* * * * * *", "7 1,2,3,4,5 * * *"])
    func noPhrase(text: String) throws {
        #expect(try CronExpression(parsing: text).phrase == nil)
    }
}
