import CivilTime
import FoundationEssentials
import Testing
import Timetables

@Suite("Timetables")
struct TimetableTests {
    private func at(_ text: String) throws -> Timestamp {
        try #require(Timestamp(iso8601: text))
    }

    private func bounds(_ start: String?, _ end: String? = nil) throws -> ScheduleBounds {
        ScheduleBounds(start: try start.map(at), end: try end.map(at))
    }

    /// `due logical start end`, days and hours only.
    private func text(_ instant: DueInstant?) -> String? {
        instant.map { instant in
            [instant.due, instant.logicalDate, instant.interval.start, instant.interval.end]
                .map { TimeFormat.strftime($0, "%dT%H") }.joined(separator: " ")
        }
    }

    @Test("a plain cron string is due at its time, with that as logical date and an empty interval")
    func cronTrigger() throws {
        let hourly = try Timetable.cron(parsing: "0 * * * *")
        let next = try #require(hourly.next(after: at("2026-01-01T00:00:00Z")))
        #expect(text(next) == "01T01 01T01 01T01 01T01" && next.interval.isEmpty)
        let now = try at("2026-01-01T05:30:00Z")
        #expect(text(hourly.latest(atOrBefore: now)) == "01T05 01T05 01T05 01T05")
        #expect(try text(hourly.latest(atOrBefore: at("2026-01-01T05:00:00Z"))) == "01T05 01T05 01T05 01T05")
        #expect(hourly.isTimeBased && hourly.canBeScheduled && hourly.description == "0 * * * * (UTC)")
    }

    @Test("start and end dates include themselves")
    func triggerBounds() throws {
        let hourly = try Timetable.cron(parsing: "0 * * * *")
        let bounds = try bounds("2026-01-02T03:00:00Z", "2026-01-02T05:00:00Z")
        #expect(text(hourly.next(after: .distantPast, bounds: bounds)) == "02T03 02T03 02T03 02T03")
        #expect(try text(hourly.next(after: at("2026-01-02T04:00:00Z"), bounds: bounds)) == "02T05 02T05 02T05 02T05")
        #expect(try hourly.next(after: at("2026-01-02T05:00:00Z"), bounds: bounds) == nil)
        #expect(text(hourly.latest(atOrBefore: .distantFuture, bounds: bounds)) == "02T05 02T05 02T05 02T05")
        #expect(try hourly.latest(atOrBefore: at("2026-01-02T02:59:59Z"), bounds: bounds) == nil)
        #expect(Array(hourly.instants(from: .distantPast, through: .distantFuture, bounds: bounds)).count == 3)
    }

    @Test("a trigger with an interval covers the time before it")
    func triggerInterval() throws {
        let schedule = try CronSchedule(parsing: "0 6 * * *")
        let daily = Timetable.cronTrigger(CronTrigger([schedule], interval: .seconds(86_400)))
        #expect(try text(daily.next(after: at("2026-01-05T00:00:00Z"))) == "05T06 04T06 04T06 05T06")
        let found = try daily.instants(from: at("2026-01-04T06:00:00Z"), through: at("2026-01-06T06:00:00Z")).map(
            \.logicalDate.iso8601)
        #expect(found == ["2026-01-04T06:00:00Z", "2026-01-05T06:00:00Z", "2026-01-06T06:00:00Z"])
        #expect(try text(daily.manual(runAfter: at("2026-01-05T12:00:00Z"))) == "05T12 05T12 04T12 05T12")
    }

    @Test("several crons are one set of times")
    func multipleCrons() throws {
        let trigger = CronTrigger([try CronSchedule(parsing: "0 1 * * *"), try CronSchedule(parsing: "0 */12 * * *")])
        let found = try Timetable.cronTrigger(trigger).instants(
            from: at("2026-01-01"), through: at("2026-01-01T23:00:00Z"))
        #expect(found.map { TimeFormat.strftime($0.due, "%H") } == ["00", "01", "12"])
        #expect(Timetable.cronTrigger(CronTrigger([])).next(after: .epoch) == nil)
    }

    @Test("an interval timetable names a run by its interval's start and runs it at the end")
    func cronDataInterval() throws {
        let daily = Timetable.cronDataInterval(try CronSchedule(parsing: "@daily"))
        #expect(try text(daily.next(after: at("2026-01-05T00:00:00Z"))) == "06T00 05T00 05T00 06T00")
        #expect(try text(daily.next(after: at("2026-01-04T23:59:59Z"))) == "05T00 04T00 04T00 05T00")
        #expect(try text(daily.latest(atOrBefore: at("2026-01-05T12:00:00Z"))) == "05T00 04T00 04T00 05T00")
        // A start date off the schedule moves to the next time on it; both bounds hold for the logical date.
        let bounds = try bounds("2026-01-02T12:00:00Z", "2026-01-04T00:00:00Z")
        let found = daily.instants(from: .distantPast, through: .distantFuture, bounds: bounds).map { text($0) }
        #expect(found == ["04T00 03T00 03T00 04T00", "05T00 04T00 04T00 05T00"])
        #expect(text(daily.latest(atOrBefore: .distantFuture, bounds: bounds)) == "05T00 04T00 04T00 05T00")
        #expect(try daily.latest(atOrBefore: at("2026-01-03T23:00:00Z"), bounds: bounds) == nil)
    }

    @Test("a manual run of an interval timetable takes the last complete interval")
    func manualInterval() throws {
        let daily = Timetable.cronDataInterval(try CronSchedule(parsing: "@daily"))
        #expect(try text(daily.manual(runAfter: at("2026-01-25T01:00:00Z"))) == "25T01 25T01 24T00 25T00")
        #expect(try text(daily.manual(runAfter: at("2026-01-25T00:00:00Z"))) == "25T00 25T00 24T00 25T00")
        let never = Timetable.cronDataInterval(try CronSchedule(parsing: "0 0 30 2 *"))
        #expect(try never.manual(runAfter: at("2026-01-25")).interval.isEmpty && never.neverFires)
        #expect(never.next(after: .epoch) == nil)
    }

    @Test(
        "intervals touch across a change of clocks",
        arguments: [DSTPolicy.debian, .airflow, DSTPolicy(gap: .skip, overlap: .both)])
    func intervalsTouch(policy: DSTPolicy) throws {
        let zone = try TimeZoneRules(named: "America/New_York")
        for expression in ["0 * * * *", "30 2 * * *", "30 1 * * *"] {
            let timetable = Timetable.cronDataInterval(
                try CronSchedule(parsing: expression, zone: zone, policy: policy))
            for start in ["2025-03-07", "2025-10-31"] {
                var previous = try #require(timetable.next(after: at(start)))
                for _ in 0..<100 {
                    let next = try #require(timetable.next(after: previous.due))
                    #expect(next.interval.start == previous.interval.end && next.due == next.interval.end)
                    previous = next
                }
            }
        }
    }

    @Test("delta timetables count from the start date")
    func deltas() throws {
        let schedule = try DeltaSchedule(delta: .seconds(36 * 3600))
        let bounds = try bounds("2026-01-01T06:00:00Z")
        let trigger = Timetable.deltaTrigger(schedule)
        #expect(text(trigger.next(after: .distantPast, bounds: bounds)) == "01T06 01T06 01T06 01T06")
        #expect(try text(trigger.next(after: at("2026-01-01T06:00:00Z"), bounds: bounds)) == "02T18 02T18 02T18 02T18")
        #expect(
            try text(trigger.latest(atOrBefore: at("2026-01-03T00:00:00Z"), bounds: bounds))
                == "02T18 02T18 02T18 02T18")
        #expect(try trigger.latest(atOrBefore: at("2026-01-01T00:00:00Z"), bounds: bounds) == nil)
        let intervals = Timetable.deltaDataInterval(schedule)
        #expect(text(intervals.next(after: .distantPast, bounds: bounds)) == "02T18 01T06 01T06 02T18")
        #expect(
            try text(intervals.next(after: at("2026-01-02T18:00:00Z"), bounds: bounds)) == "04T06 02T18 02T18 04T06")
        #expect(
            try text(intervals.latest(atOrBefore: at("2026-01-04T05:00:00Z"), bounds: bounds))
                == "02T18 01T06 01T06 02T18")
        #expect(try intervals.latest(atOrBefore: at("2026-01-02T17:00:00Z"), bounds: bounds) == nil)
        #expect(try text(intervals.manual(runAfter: at("2026-01-05T12:00:00Z"))) == "05T12 05T12 04T00 05T12")
        #expect(intervals.description == "every 1d 12h")
        #expect(throws: TimetableError.self) { try DeltaSchedule(delta: .zero) }
        #expect(throws: TimetableError.self) { try DeltaSchedule(delta: .seconds(-5)) }
    }

    @Test("events are a list, in order and once each")
    func events() throws {
        let dates = try ["2026-03-01", "2026-01-01", "2026-02-01", "2026-01-01"].map(at)
        let events = Timetable.events(EventDates(dates))
        #expect(
            events.instants(from: .distantPast, through: .distantFuture).map(\.due)
                == (try ["2026-01-01", "2026-02-01", "2026-03-01"].map(at)))
        #expect(try events.latest(atOrBefore: at("2026-02-15"))?.due == at("2026-02-01"))
        #expect(try events.next(after: at("2026-03-01")) == nil)
        #expect(try events.manual(runAfter: at("2026-02-15")).interval == DataInterval(at: at("2026-02-15")))
        let restricted = Timetable.events(EventDates(dates, restrictsToEvents: true))
        #expect(try restricted.manual(runAfter: at("2026-02-15")).interval == DataInterval(at: at("2026-02-01")))
        #expect(try restricted.manual(runAfter: at("2025-02-15")).interval == DataInterval(at: at("2026-01-01")))
        #expect(Timetable.events(EventDates([])).neverFires)
    }

    @Test("once runs at the start date, or when first seen")
    func once() throws {
        let bounds = try bounds("2026-01-01")
        #expect(Timetable.once.next(after: .epoch, bounds: bounds)?.due == bounds.start)
        #expect(try Timetable.once.next(after: at("2026-01-01"), bounds: bounds) == nil)
        #expect(Timetable.once.latest(atOrBefore: .distantFuture, bounds: bounds)?.due == bounds.start)
        #expect(Timetable.once.next(after: .epoch) == nil)
        #expect(try Timetable.once.first(seen: at("2026-05-05"))?.due == at("2026-05-05"))
        #expect(try Timetable.once.first(seen: at("2026-05-05"), bounds: bounds)?.due == bounds.start)
    }

    @Test("continuous runs follow one another without a pause")
    func continuous() throws {
        let now = try at("2026-01-02")
        let first = try #require(Timetable.continuous.first(seen: now, bounds: bounds("2026-01-01")))
        #expect(try first.interval == DataInterval(start: at("2026-01-01"), end: now) && first.due == now)
        let second = try Timetable.continuous.continuation(of: first.interval, now: at("2026-01-03"))
        #expect(try second?.interval == DataInterval(start: now, end: at("2026-01-03")))
        #expect(first.logicalDate == first.interval.start && second?.logicalDate == now + .microseconds(1))
        #expect(
            try Timetable.continuous.continuation(of: nil, now: at("2026-01-03"), bounds: bounds(nil, "2026-01-02"))
                == nil)
        #expect(Timetable.continuous.next(after: .epoch) == nil && !Timetable.continuous.isTimeBased)
    }

    @Test("the first run of a cron trigger without start date follows run_immediately")
    func runImmediately() throws {
        let schedule = try CronSchedule(parsing: "0 * * * *")
        let cases: [(CronTrigger.RunImmediately, String, String)] = [
            (.never, "2026-01-01T05:01:00Z", "2026-01-01T06:00:00Z"),
            (.never, "2026-01-01T05:00:00Z", "2026-01-01T05:00:00Z"),
            (.always, "2026-01-01T05:59:00Z", "2026-01-01T05:00:00Z"),
            (.within(.seconds(600)), "2026-01-01T05:09:00Z", "2026-01-01T05:00:00Z"),
            (.within(.seconds(600)), "2026-01-01T05:11:00Z", "2026-01-01T06:00:00Z"),
            (.automatic, "2026-01-01T05:05:59Z", "2026-01-01T05:00:00Z"),
            (.automatic, "2026-01-01T05:06:01Z", "2026-01-01T06:00:00Z"),
        ]
        for (rule, now, expected) in cases {
            let timetable = Timetable.cronTrigger(CronTrigger([schedule], runImmediately: rule))
            #expect(try timetable.first(seen: at(now))?.due == at(expected), "\(rule) \(now)")
        }
    }

    @Test("asset conditions hold by their operators, with or without a timetable beside them")
    func assets() throws {
        let condition = AssetCondition.all([.asset("a"), .any([.asset("b"), .asset("c"), .asset("a")])])
        #expect(condition.assets == ["a", "b", "c"])
        #expect(condition.isSatisfied(by: ["a", "c"]) && condition.isSatisfied(by: ["a"]))
        #expect(!condition.isSatisfied(by: ["b", "c"]))
        #expect(!AssetCondition.all([]).isSatisfied(by: ["a"]) && !AssetCondition.any([]).isSatisfied(by: ["a"]))
        #expect(condition.description == "(a & (b | c | a))")
        let alone = Timetable.assets(condition, time: nil)
        #expect(!alone.isTimeBased && alone.canBeScheduled && alone.next(after: .epoch) == nil)
        let both = Timetable.assets(condition, time: try .cron(parsing: "@daily"))
        #expect(both.isTimeBased && both.assetCondition == condition)
        #expect(both.next(after: .epoch)?.due == .epoch + .seconds(86_400))
    }

    @Test("a timetable that only a trigger starts has no instants")
    func null() {
        #expect(Timetable.null.next(after: .epoch) == nil && Timetable.null.latest(atOrBefore: .distantFuture) == nil)
        #expect(!Timetable.null.canBeScheduled && !Timetable.null.isTimeBased)
        #expect(Timetable.null.manual(runAfter: .epoch).interval.isEmpty)
    }

    @Test("every timetable survives JSON")
    func json() throws {
        let seoul = try TimeZoneRules(named: "Asia/Seoul")
        let schedule = try CronSchedule(
            parsing: "0 * * * *", zone: seoul, policy: DSTPolicy(gap: .shift, overlap: .both))
        let timetables: [Timetable] = [
            .null, .once, .continuous, .cron(schedule), .cronDataInterval(schedule),
            .cronTrigger(
                CronTrigger(
                    [schedule, CronSchedule(schedule.expression, policy: .airflow)], interval: .seconds(90),
                    runImmediately: .within(.seconds(5)))),
            .cronTrigger(CronTrigger([schedule], runImmediately: .always)),
            .cronTrigger(CronTrigger([schedule], runImmediately: .automatic)),
            .deltaTrigger(try DeltaSchedule(delta: .milliseconds(1500), interval: .seconds(60))),
            .deltaDataInterval(try DeltaSchedule(delta: .seconds(86_400))),
            .events(EventDates([.epoch], restrictsToEvents: true, label: "launches")),
            .assets(.any([.asset("x"), .all([.asset("y")])]), time: nil), .assets(.asset("x"), time: .cron(schedule)),
        ]
        for timetable in timetables {
            let data = try JSONEncoder().encode(timetable)
            #expect(
                try JSONDecoder().decode(Timetable.self, from: data) == timetable,
                "\(String(decoding: data, as: UTF8.self))")
        }
        let wrong = [
            #"{"kind":"weekly"}"#, #"{"kind":"delta_trigger","delta":"0s"}"#,
            #"{"kind":"cron_data_interval","cron":"x"}"#, "{}",
        ]
        for text in wrong {
            #expect(throws: (any Error).self) { try JSONDecoder().decode(Timetable.self, from: Data(text.utf8)) }
        }
    }

    @Test("the stored form is the documented one")
    func storedForm() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(Timetable.cron(parsing: "0 * * * *"))
        #expect(
            String(decoding: data, as: UTF8.self)
                == #"{"kind":"cron_trigger","schedules":[{"cron":"0 * * * *","dst":{"gap":"run_after","overlap":"first"},"timezone":"UTC"}]}"#
        )
    }

    @Test("people read a line about each")
    func descriptions() throws {
        let seoul = try TimeZoneRules(named: "Asia/Seoul")
        let hourly = try CronSchedule(parsing: "0 * * * *", zone: seoul)
        #expect(Timetable.cronDataInterval(hourly).description == "0 * * * * (Asia/Seoul)")
        #expect(Timetable.cron(hourly).phrase == "hourly at :00")
        let two = CronTrigger([hourly, try CronSchedule(parsing: "30 2 * * *", zone: seoul)])
        #expect(Timetable.cronTrigger(two).description == "0 * * * *, 30 2 * * * (Asia/Seoul)")
        #expect(Timetable.cronTrigger(two).phrase == "hourly at :00; daily at 02:30")
        #expect(
            Timetable.assets(.asset("bronze"), time: .cron(hourly)).phrase
                == "when bronze has new data, and hourly at :00")
    }
}
