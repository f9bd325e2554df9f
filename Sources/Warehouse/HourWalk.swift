import CivilTime
import Markets

/// Which pages to ask for to cover a stretch of one market's candles, newest first, and what each reply says about its
/// hours.
///
/// "Hours" are the candles' slots, whatever their unit.
///
///     ask: the last (up to 200) hours not covered yet -> reply covers from its oldest row on -> … -> start reached
struct HourWalk: Sendable {
    /// One page to ask for.
    struct Page: Sendable, Hashable {
        /// Exclusive end of what is asked of the exchange.
        var to: Timestamp
        var count: Int
        /// The hours of the stretch that the page should answer.
        var hours: DataInterval
    }

    /// An hour is final when so much time has passed since its end.
    static let settling = Duration.seconds(600)

    let interval: DataInterval
    let unit: CandleUnit
    let pageSize: Int
    /// What is not covered yet: from the interval's start up to here.
    private(set) var left: Timestamp
    private var isFirst = true

    init(_ interval: DataInterval, unit: CandleUnit, pageSize: Int) {
        self.interval = interval
        self.unit = unit
        self.pageSize = max(pageSize, 2)
        left = interval.end
    }

    /// The next page; nil when everything is covered.
    ///
    /// - Parameter looksAhead: also asks for the hour after the stretch, whose candle proves the last hour final. Only
    ///   the first page does.
    func next(looksAhead: Bool) -> Page? {
        guard left > interval.start else { return nil }
        let ahead = looksAhead && isFirst ? 1 : 0
        let slots = Int((left.seconds - interval.start.seconds + unit.seconds - 1) / unit.seconds)
        let count = min(slots + ahead, pageSize)
        let start = max(interval.start, left - .seconds(unit.seconds * Int64(count - ahead)))
        return Page(
            to: ahead > 0 ? left + unit.duration : left, count: count, hours: DataInterval(start: start, end: left))
    }

    /// Notes a reply's rows and answers what they say about each hour they reach, oldest first.
    ///
    /// - Parameters:
    ///   - openTimes: of the reply's candles, newest first, all before the page's `to`.
    ///   - settled: every hour that ended at or before this instant is final.
    mutating func cover(
        _ page: Page, openTimes: [Timestamp], settled: Timestamp
    ) -> [(start: Timestamp, rows: Int, isFinal: Bool)] {
        isFirst = false
        // The reply holds the newest candles before `to`, so between its oldest row and `to` there is nothing else;
        // without any row the market has no candle before `to` at all.
        let reached = openTimes.last.map { min(max($0, interval.start), page.hours.end) } ?? interval.start
        let newest = openTimes.first ?? reached
        let present = Set(openTimes)
        var hours: [(start: Timestamp, rows: Int, isFinal: Bool)] = []
        var hour = reached
        while hour < page.hours.end {
            let end = hour + unit.duration
            hours.append((hour, present.contains(hour) ? 1 : 0, end <= settled || newest >= end))
            hour = end
        }
        left = reached
        return hours
    }
}
