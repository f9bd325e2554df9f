import FoundationEssentials
import SeededRandom
import Testing

@testable import CivilTime

@Suite("Time zones")
struct TimeZoneRulesTests {
    private func local(_ text: String) throws -> CivilDateTime {
        try #require(ISO8601.parse(text)).civil
    }

    @Test("zones know their offset and abbreviation at any instant")
    func offsets() throws {
        let seoul = try TimeZoneRules(named: "Asia/Seoul")
        let instant = try #require(Timestamp(iso8601: "2024-02-28T22:18:00Z"))
        #expect(seoul.iso8601(instant) == "2024-02-29T07:18:00+09:00")
        #expect(seoul.abbreviation(at: instant) == "KST")
        let newYork = try TimeZoneRules(named: "America/New_York")
        #expect(newYork.abbreviation(at: instant) == "EST" && !newYork.isDaylight(at: instant))
        let summer = try #require(Timestamp(iso8601: "2025-07-01T00:00:00Z"))
        #expect(newYork.offset(at: summer) == -4 * 3600 && newYork.isDaylight(at: summer))
        // Local mean time, before zones.
        #expect(try newYork.offset(at: #require(Timestamp(iso8601: "1850-01-01"))) == -17_762)
    }

    @Test("the rule in the footer holds for centuries", arguments: [2030, 2200, 2436, 2900, 9000])
    func farFuture(year: Int) throws {
        let newYork = try TimeZoneRules(named: "America/New_York")
        let summer = try #require(CivilDateTime(year: year, month: 7, day: 1)).asUTC
        let winter = try #require(CivilDateTime(year: year, month: 1, day: 15)).asUTC
        #expect(newYork.offset(at: summer) == -4 * 3600)
        #expect(newYork.offset(at: winter) == -5 * 3600)
        let change = try #require(newYork.nextTransition(after: winter))
        #expect(change.localStart.month == 3 && change.localStart.weekday == 0 && change.localStart.hour == 2)
        #expect((8...14).contains(change.localStart.day) && change.isGap)
    }

    @Test("a local time has no instant in a gap and two in an overlap, in order")
    func localTimes() throws {
        let newYork = try TimeZoneRules(named: "America/New_York")
        #expect(newYork.instants(of: try local("2025-03-09T02:30:00")).isEmpty)
        #expect(
            newYork.instant(of: try local("2025-03-09T02:30:00")).iso8601(in: newYork) == "2025-03-09T03:30:00-04:00")
        let twice = newYork.instants(of: try local("2025-11-02T01:30:00")).map { $0.iso8601(in: newYork) }
        #expect(twice == ["2025-11-02T01:30:00-04:00", "2025-11-02T01:30:00-05:00"])
        #expect(newYork.instants(of: try local("2025-03-09T03:00:00")).map(\.iso8601) == ["2025-03-09T07:00:00Z"])
        let lordHowe = try TimeZoneRules(named: "Australia/Lord_Howe")
        #expect(lordHowe.instants(of: try local("2025-10-05T02:15:00")).isEmpty)
        #expect(lordHowe.instants(of: try local("2025-04-06T01:45:00")).count == 2)
        // Samoa skipped a whole day.
        let apia = try TimeZoneRules(named: "Pacific/Apia")
        #expect(apia.instants(of: try local("2011-12-30T12:00:00")).isEmpty)
        #expect(apia.instant(of: try local("2011-12-30T12:00:00")).iso8601(in: apia) == "2011-12-31T12:00:00+14:00")
    }

    @Test("the next change of a clock is found, and none in a fixed zone")
    func transitions() throws {
        let berlin = try TimeZoneRules(named: "Europe/Berlin")
        let now = try #require(Timestamp(iso8601: "2026-11-21"))
        let change = try #require(berlin.nextTransition(after: now))
        #expect(change.instant.iso8601 == "2027-03-28T01:00:00Z")
        #expect(change.abbreviationBefore == "CET" && change.abbreviationAfter == "CEST")
        #expect(TimeZoneRules.utc.nextTransition(after: .epoch) == nil)
        #expect(try TimeZoneRules(named: "Asia/Seoul").nextTransition(after: Timestamp(seconds: 1_700_000_000)) == nil)
        #expect(TimeZoneRules.utc.isFixed && !berlin.isFixed)
    }

    @Test("fixed offsets need no file")
    func fixedOffsets() throws {
        let zone = try TimeZoneRules(named: "+05:30")
        #expect(zone.identifier == "+05:30" && zone.offset(at: .epoch) == 19_800)
        #expect(try TimeZoneRules(named: "-03:30").iso8601(.epoch) == "1969-12-31T20:30:00-03:30")
        #expect(TimeZoneRules.fixed(offsetSeconds: 0) == .utc)
        #expect(Timestamp.epoch.iso8601(in: .utc) == "1970-01-01T00:00:00+00:00")
    }

    @Test(
        "a name cannot leave the folder of zones",
        arguments: [
            "../../etc/passwd", "/etc/localtime", "Asia/../../x", "Asia//Seoul", "Asia/", "", ".", "a\0b", "zone.tab",
            "posix/Asia/Seoul", "right/UTC", "localtime", String(repeating: "A", count: 500), "Ásia/Seoul", "-x",
            "+25:00",
        ])
    func hostileNames(name: String) {
        #expect(throws: TimeZoneError.self) { try TimeZoneRules(named: name) }
    }

    @Test(
        "an unknown name comes with the nearest known ones",
        arguments: [
            ("asia/seoul", "Asia/Seoul"), ("Asia/Soul", "Asia/Seoul"), ("Seoul", "Asia/Seoul"),
            ("America/NewYork", "America/New_York"), ("Europe/berlin", "Europe/Berlin"),
        ])
    func suggestions(name: String, expected: String) throws {
        let error = try #require(throws: TimeZoneError.self) { try TimeZoneRules(named: name) }
        #expect(error.suggestions.contains(expected))
        #expect(error.description.contains("did you mean"))
    }

    @Test("every zone of the system is read, and its offsets stay below a day")
    func everyZone() throws {
        let names = TimeZoneRules.knownIdentifiers()
        #expect(names.count > 300 && names.contains("Asia/Seoul"))
        for name in names where name != "Factory" {
            let zone = try TimeZoneRules(named: name)
            for year in [1900, 1970, 2026, 2500] {
                let instant = try #require(CivilDateTime(year: year, month: 7, day: 1)).asUTC
                #expect(abs(zone.offset(at: instant)) < 86_400)
                #expect(zone.instants(of: zone.local(at: instant)).contains(instant), "\(name) \(year)")
            }
        }
    }

    @Test("periods follow one another without holes")
    func periods() throws {
        for name in ["America/New_York", "Africa/Casablanca", "Europe/Dublin", "Asia/Tehran", "Asia/Gaza"] {
            let zone = try TimeZoneRules(named: name)
            var period = zone.period(at: .min / 4)
            var count = 0
            while period.end < 20_000_000_000, count < 5000 {
                let next = zone.period(at: period.end)
                #expect(next.start == period.end && next.previousOffset == period.offset)
                #expect(next.offset == period.nextOffset)
                period = next
                count += 1
            }
        }
    }

    @Test("a damaged file is an error, never a crash")
    func damagedFiles() throws {
        let whole = try #require(ZoneDirectory.readFile("/usr/share/zoneinfo/America/New_York"))
        for length in stride(from: 0, to: whole.count - 1, by: 7) {
            _ = try? TZif.parse(Array(whole[..<length]))
        }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let data = try? TZif.parse(bytes) { _ = data.period(at: 1_700_000_000) }
        }
        #expect(throws: TZif.Malformed.self) { try TZif.parse([]) }
        #expect(throws: TZif.Malformed.self) {
            try TZif.parse(Array("not a zone file, not a zone file, not a zone f".utf8))
        }
    }

    @Test("the POSIX rule's forms are read")
    func posixRules() throws {
        let yearRound = try #require(PosixZoneRule("XXX3EDT4,0/0,J365/23".utf8))
        let data = ZoneData(types: [yearRound.standard], starts: [], kinds: [], rule: yearRound)
        #expect(data.period(at: 1_700_000_000).offset == -4 * 3600)
        #expect(data.period(at: 100_000_000_000).offset == -4 * 3600)
        let quoted = try #require(PosixZoneRule("<+0330>-3:30<+0430>,J79/24,J263/24".utf8))
        #expect(quoted.standard.offset == 12_600 && quoted.daylight?.type.offset == 16_200)
        let greenland = try #require(PosixZoneRule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0".utf8))
        #expect(greenland.daylight?.begins.time == -3600)
        for text in ["", "E5", "EST", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "<EST5", "EST5EDT,M3.2.0,M11.1.0x"] {
            #expect(PosixZoneRule(text.utf8) == nil, "\(text)")
        }
    }

    @Test("zones are equal by name and travel in JSON as their name")
    func json() throws {
        let zones = [try TimeZoneRules(named: "Asia/Seoul"), .utc, .fixed(offsetSeconds: 3600)]
        let data = try JSONEncoder().encode(zones.map(\.identifier))
        #expect(try JSONDecoder().decode([TimeZoneRules].self, from: data) == zones)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode([TimeZoneRules].self, from: Data(#"["Mars/Base"]"#.utf8))
        }
    }

    @Test("text without an offset is local time of the zone asked for")
    func naiveText() throws {
        let seoul = try TimeZoneRules(named: "Asia/Seoul")
        #expect(Timestamp(iso8601: "2026-01-01", in: seoul)?.iso8601 == "2025-12-31T15:00:00Z")
        #expect(Timestamp(iso8601: "2026-01-01T00:00:00Z", in: seoul)?.iso8601 == "2026-01-01T00:00:00Z")
        #expect(Timestamp(iso8601: "soon", in: seoul) == nil)
    }
}
