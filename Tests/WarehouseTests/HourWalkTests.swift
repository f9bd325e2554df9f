import CivilTime
import Markets
import Testing

@testable import Warehouse

@Suite("Pages over a stretch of hours")
struct HourWalkTests {
    private let long = span("2026-01-01T00:00:00Z", hours: 450)
    private let never = Timestamp(seconds: 0)

    private func openTimes(_ interval: DataInterval) -> [Timestamp] {
        stride(from: interval.end.seconds - 3600, through: interval.start.seconds, by: -3600).map(
            Timestamp.init(seconds:))
    }

    @Test("pages go backwards, and the last one asks for what is left")
    func pages() throws {
        var walk = HourWalk(long, unit: .oneHour, pageSize: 200)
        var counts: [Int] = []
        var covered = 0
        while let page = walk.next(looksAhead: false) {
            counts.append(page.count)
            #expect(page.to == page.hours.end)
            covered += walk.cover(page, openTimes: openTimes(page.hours), settled: long.end).count
        }
        #expect(counts == [200, 200, 50])
        #expect(covered == 450)
    }

    @Test("a look ahead asks for one candle more, on the first page only, and never for more than a page")
    func lookAhead() throws {
        var walk = HourWalk(long, unit: .oneHour, pageSize: 200)
        let first = try #require(walk.next(looksAhead: true))
        #expect(
            first
                == .init(
                    to: long.end + .seconds(3600), count: 200,
                    hours: .init(start: long.end - .seconds(199 * 3600), end: long.end)))
        _ = walk.cover(first, openTimes: openTimes(first.hours), settled: never)
        let second = try #require(walk.next(looksAhead: true))
        #expect(second.to == first.hours.start)
    }

    @Test("an hour is final after a later candle or when it has settled")
    func finality() throws {
        let two = span("2026-01-01T00:00:00Z", hours: 2)
        var walk = HourWalk(two, unit: .oneHour, pageSize: 200)
        let page = try #require(walk.next(looksAhead: true))
        let hours = walk.cover(page, openTimes: openTimes(two), settled: never)
        #expect(hours.map(\.isFinal) == [true, false])
        #expect(walk.next(looksAhead: true) == nil)

        var settled = HourWalk(two, unit: .oneHour, pageSize: 200)
        #expect(settled.cover(page, openTimes: [], settled: two.end).map(\.isFinal) == [true, true])
        var proven = HourWalk(two, unit: .oneHour, pageSize: 200)
        #expect(proven.cover(page, openTimes: [two.end, two.start], settled: never).map(\.rows) == [1, 0])
    }

    @Test("a later candle alone is no end of the stretch")
    func onlyLater() throws {
        let one = span("2026-01-01T00:00:00Z", hours: 1)
        var walk = HourWalk(one, unit: .oneHour, pageSize: 200)
        let page = try #require(walk.next(looksAhead: true))
        #expect(walk.cover(page, openTimes: [one.end], settled: never).isEmpty)
        let next = try #require(walk.next(looksAhead: true))
        #expect(next.to == one.end)
        #expect(walk.cover(next, openTimes: [], settled: one.end).map(\.rows) == [0])
        #expect(walk.next(looksAhead: true) == nil)
    }
}
