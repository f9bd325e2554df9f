import CivilTime
import SeededRandom
import Testing
import Timetables

/// A field made at random, with the values it stands for worked out independently of the parser.
private struct RandomField {
    let text: String
    let values: Set<Int>

    init(_ range: ClosedRange<Int>, using random: inout SeededGenerator) {
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            (text, values) = ("*", Set(range))
        case 2:
            let step = Int.random(in: 1...range.count, using: &random)
            (text, values) = ("*/\(step)", Set(range.filter { ($0 - range.lowerBound) % step == 0 }))
        case 3:
            let low = Int.random(in: range, using: &random)
            let high = Int.random(in: low...range.upperBound, using: &random)
            let step = Int.random(in: 1...7, using: &random)
            (text, values) = ("\(low)-\(high)/\(step)", Set((low...high).filter { ($0 - low) % step == 0 }))
        default:
            let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: range, using: &random) }
            (text, values) = (items.map(String.init).joined(separator: ","), Set(items))
        }
    }

    var isStarred: Bool { text.hasPrefix("*") }
}

@Suite("Cron, random expressions")
struct CronPropertyTests {
    @Test("next times are exactly the minutes that a naive search finds, in UTC", arguments: 0..<40)
    func agreesWithNaiveSearch(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let minute = RandomField(0...59, using: &random)
        let hour = RandomField(0...23, using: &random)
        let day = RandomField(1...31, using: &random)
        let month = RandomField(1...12, using: &random)
        let weekday = RandomField(0...6, using: &random)
        let text = [minute, hour, day, month, weekday].map(\.text).joined(separator: " ")
        let schedule = try CronSchedule(parsing: text)
        let first = Int64.random(in: 1_600_000_000...1_900_000_000, using: &random) / 60 * 60
        let days = 40
        var expected: [Int64] = []
        for second in stride(from: first + 60, through: first + Int64(days) * 86_400, by: 60) {
            let time = CivilDateTime(secondsAsUTC: second)
            let onDay = day.values.contains(time.day)
            let onWeekday = weekday.values.contains(time.weekday)
            let isDue = day.isStarred || weekday.isStarred ? onDay && onWeekday : onDay || onWeekday
            if minute.values.contains(time.minute), hour.values.contains(time.hour), month.values.contains(time.month),
                isDue
            {
                expected.append(second)
            }
        }
        var found: [Int64] = []
        var cursor = Timestamp(seconds: first)
        let end = Timestamp(seconds: first + Int64(days) * 86_400)
        while let fire = schedule.nextFire(after: cursor), fire <= end {
            found.append(fire.seconds)
            cursor = fire
        }
        #expect(found == expected, "\(text)")
        var backward: [Int64] = []
        cursor = end + .microseconds(1)
        while let fire = schedule.previousFire(before: cursor), fire > Timestamp(seconds: first) {
            backward.append(fire.seconds)
            cursor = fire
        }
        #expect(backward.reversed() == expected, "\(text)")
    }

    @Test("in any zone and policy, times rise strictly, and backward gives the same ones", arguments: 0..<60)
    func monotone(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) + 1000)
        let text = [0...59, 0...23, 1...31, 1...12, 0...6].map { RandomField($0, using: &random).text }.joined(
            separator: " ")
        let zones = [
            "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Seoul",
            "Pacific/Apia",
        ]
        let zone = try TimeZoneRules(named: zones[seed % zones.count])
        let gap = try #require(DSTPolicy.Gap.allCases.randomElement(using: &random))
        let overlap = try #require(DSTPolicy.Overlap.allCases.randomElement(using: &random))
        let schedule = try CronSchedule(parsing: text, zone: zone, policy: DSTPolicy(gap: gap, overlap: overlap))
        // Around a change of clocks, where there is one.
        let start = zone.nextTransition(
            after: Timestamp(seconds: Int64.random(in: 1_300_000_000...1_900_000_000, using: &random)))
        var cursor = (start?.instant ?? .epoch) - .seconds(7200)
        var forward: [Timestamp] = []
        while forward.count < 300, let fire = schedule.nextFire(after: cursor) {
            #expect(fire > cursor)
            #expect(schedule.fires(at: fire))
            forward.append(fire)
            cursor = fire
        }
        guard let last = forward.last, let first = forward.first else {
            #expect(schedule.neverFires)
            return
        }
        var backward = [last]
        while let fire = schedule.previousFire(before: backward[backward.count - 1]), fire >= first {
            backward.append(fire)
        }
        #expect(backward.reversed() == forward, "\(text) \(zone) \(schedule.policy)")
        let airflow = CronSchedule(schedule.expression, zone: zone, policy: .airflow)
        cursor = first - .seconds(86_400)
        for _ in 0..<50 {
            guard let fire = airflow.nextFire(after: cursor) else { break }
            #expect(fire > cursor)
            if let previous = airflow.previousFire(before: fire) { #expect(previous < fire) }
            cursor = fire
        }
    }

    @Test("no text crashes the reader or hangs what is read", arguments: 0..<20)
    func randomTexts(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) + 9000)
        let alphabet = Array("0123456789*/,-#?LWlMONJANsun@ \t~H+.é٣\u{0}")
        for _ in 0..<2000 {
            let fields = Int.random(in: 1...7, using: &random)
            var text = ""
            for index in 0..<fields {
                if index > 0 { text += " " }
                for _ in 0..<Int.random(in: 0...5, using: &random) {
                    text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
                }
            }
            guard let schedule = try? CronSchedule(parsing: text) else { continue }
            let next = schedule.nextFire(after: .epoch)
            #expect((next == nil) == schedule.neverFires, "\(text)")
        }
    }

    @Test("a million instants are enumerated within seconds even in a debug build", .timeLimit(.minutes(1)))
    func million() throws {
        let schedule = try CronSchedule(parsing: "* * * * *", zone: TimeZoneRules(named: "America/New_York"))
        var cursor = Timestamp(seconds: 1_700_000_000)
        for _ in 0..<1_000_000 {
            guard let next = schedule.nextFire(after: cursor) else { break }
            cursor = next
        }
        // Elapsed time on the clock: a schedule for every minute misses and doubles none.
        #expect(cursor.seconds == 1_700_000_000 / 60 * 60 + 60_000_000)
    }
}
