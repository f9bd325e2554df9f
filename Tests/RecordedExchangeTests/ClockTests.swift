import CivilTime
import Synchronization
import Testing

@testable import RecordedExchange

@Suite("Recorded clock") struct ClockTests {
    private static let week: Int64 = 7 * 86_400
    private let span: DataInterval

    init() throws {
        span = DataInterval(start: try Samples.time("2024-04-01"), end: try Samples.time("2025-01-01"))
    }

    @Test(
        "the shift leaves 2,400 hours behind and four months ahead, whatever the day",
        arguments: ["2026-11-21T09:30:00Z", "2026-11-22T23:59:59Z", "2031-02-28T00:00:00Z", "2025-01-01", "2019-05-05"])
    func chosenShift(now: String) throws {
        let now = try Samples.time(now)
        let clock = RecordedClock.running(
            shiftWeeks: RecordedClock.chooseShift(realNow: now, span: span), span: span, realNow: { now })
        #expect(now - clock.servedSpan.start >= .seconds(2_400 * 3600))
        #expect(clock.servedSpan.end - now >= .seconds(123 * 86_400))
        #expect(clock.shiftSeconds % Self.week == 0)
        #expect(!clock.isPastEnd)
    }

    @Test("the shift jumps by one week exactly when a week has passed")
    func weekBoundary() throws {
        let boundary = Timestamp(seconds: span.start.seconds + 2_400 * 3600 + 100 * Self.week)
        #expect(RecordedClock.chooseShift(realNow: boundary, span: span) == 100)
        #expect(RecordedClock.chooseShift(realNow: Timestamp(seconds: boundary.seconds - 1), span: span) == 99)
    }

    @Test("an instant inside the recording needs no shift")
    func insideTheRecording() throws {
        #expect(RecordedClock.chooseShift(realNow: try Samples.time("2024-08-15T12:00:00Z"), span: span) == 0)
        #expect(RecordedClock.chooseShift(realNow: try Samples.time("2024-12-31T23:59:59Z"), span: span) == 0)
    }

    @Test("a pinned clock stands still and chooses its shift from its instant")
    func pinned() throws {
        let instant = try Samples.time("2026-11-20T12:34:56Z")
        let clock = RecordedClock.pinned(at: instant, span: span)
        #expect(clock.now() == instant)
        #expect(clock.shiftWeeks == RecordedClock.chooseShift(realNow: instant, span: span))
        #expect(RecordedClock.pinned(at: instant, shiftWeeks: 7, span: span).shiftWeeks == 7)
    }

    @Test("the recording is over at the end of its last hour")
    func pastEnd() throws {
        let end = try Samples.time("2025-01-08")
        #expect(RecordedClock.pinned(at: end, shiftWeeks: 1, span: span).isPastEnd)
        let before = Timestamp(microseconds: end.microseconds - 1)
        #expect(!RecordedClock.pinned(at: before, shiftWeeks: 1, span: span).isPastEnd)
    }

    @Test("a fast clock starts at the present and goes so many times as fast, a slow one slower", arguments: [60, 0.5])
    func speed(factor: Double) throws {
        let start = try Samples.time("2024-08-15T12:00:00Z")
        let real = Mutex(start)
        let clock = RecordedClock.running(shiftWeeks: 0, span: span, speed: factor) { real.withLock { $0 } }
        #expect(clock.now() == start && clock.speed == factor)
        real.withLock { $0 = start + .seconds(10) }
        #expect(clock.now() == start + .microseconds(Int64(factor * 10_000_000)))
        #expect(RecordedClock.pinned(at: start, span: span).speed == 0)
    }
}
