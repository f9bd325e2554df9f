import CivilTime
import DAGModel
import Execution
import Markets
import Synchronization

/// Fetches the candles of a stretch for some markets, several at a time.
struct CandleFetch: Sendable {
    let arguments: MarketFetchArguments
    let desk: FetchDesk

    /// A stretch may end this much after our present, for clocks that differ a little; then its end is waited for.
    private static let tolerance = Duration.seconds(60)
    /// The pauses between questions for an hour that is not final yet.
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    func run() async throws -> TaskResult {
        let interval = try stretch()
        if let standing = desk.standing, interval.end > standing {
            throw TaskSkip(
                "the recording's clock stands at \(standing.iso8601), before this interval's end at "
                    + "\(interval.end.iso8601)")
        }
        let lead = interval.end - desk.present
        guard lead <= Self.tolerance else {
            throw TaskFailure(
                "the interval \(interval) ends in the future; ask for hours that are over", isRetryable: false)
        }
        if lead > .zero {
            desk.log.info("waiting for the interval's end at \(interval.end.iso8601)")
            try await desk.gateway.sleep(for: lead)
        }
        let failures = try await fetchAll(interval)
        guard let first = failures.first else { return desk.result(over: interval) }
        if failures.count > 1, let failure = first as? TaskFailure {
            let others = failures.count - 1
            throw TaskFailure(
                "\(failure.reason) (and \(others) more market\(others == 1 ? "" : "s") failed: see the log)",
                isRetryable: failure.isRetryable)
        }
        throw first
    }

    /// The hours asked for: those of the arguments, else the run's own.
    private func stretch() throws -> DataInterval {
        if let stretch = arguments.stretch { return stretch }
        guard let interval = desk.launch.run.interval, !interval.isEmpty else {
            throw TaskFailure(
                "this run owns no data interval and neither start nor end is given: trigger it with a logical date, or "
                    + "give start and end such as 2026-01-01T00:00:00Z", isRetryable: false)
        }
        guard arguments.unit.isAligned(interval.start), arguments.unit.isAligned(interval.end) else {
            throw TaskFailure(
                "the run's data interval \(interval) does not consist of whole \(arguments.unit) candles",
                isRetryable: false)
        }
        return interval
    }

    /// Fetches every market and answers the failures, in the order of the markets.
    ///
    /// After a failure no new request is sent, and replies under way are still kept.
    private func fetchAll(_ interval: DataInterval) async throws -> [any Error] {
        let halt = Halt()
        let markets = arguments.markets
        var errors: [(index: Int, error: any Error)] = []
        await withTaskGroup(of: (Int, (any Error)?).self) { group in
            var waiting = markets.enumerated().makeIterator()
            func startNext() {
                guard let (index, market) = waiting.next() else { return }
                group.addTask {
                    do {
                        try await fetch(market, interval, halt)
                        return (index, nil)
                    } catch {
                        halt.set()
                        return (index, error)
                    }
                }
            }
            for _ in 0..<desk.gateway.marketsAtOnce { startNext() }
            while let (index, error) = await group.next() {
                if let error, !(error is Halted) { errors.append((index, error)) }
                startNext()
            }
        }
        try Task.checkCancellation()
        return errors.sorted { $0.index < $1.index }.map(\.error)
    }

    /// Covers the stretch of one market, and asks again until its last hours are final.
    private func fetch(_ market: MarketCode, _ interval: DataInterval, _ halt: Halt) async throws {
        var open = interval
        var pause = Self.firstPause
        while true {
            var walk = HourWalk(open, unit: arguments.unit, pageSize: desk.rest.dialect.candlesPerPage)
            var firstUnsettled: Timestamp?
            while let page = walk.next(looksAhead: settled(by: desk.present) < open.end) {
                if halt.isSet { throw Halted() }
                let hours = try await ask(market, page, &walk)
                if let hour = hours.first(where: { !$0.isFinal }) { firstUnsettled = hour.start }
            }
            guard let firstUnsettled else { return }
            open = DataInterval(start: firstUnsettled, end: interval.end)
            // By then the hour is final whatever the exchange says.
            let last = interval.end + HourWalk.settling - desk.present
            let wait = max(min(pause, last), .milliseconds(1))
            desk.log.info(
                "\(market) \(open): not final, no later candle yet; asking again in \(wait.humanText(units: 2))")
            try await desk.gateway.sleep(for: wait)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Hours that ended at or before this are final.
    ///
    /// While an exchange's clock stands nothing can change any more.
    private func settled(by present: Timestamp) -> Timestamp {
        desk.standing ?? present - HourWalk.settling
    }

    /// Sends one request and stores what came of it.
    private func ask(
        _ market: MarketCode, _ page: HourWalk.Page, _ walk: inout HourWalk
    ) async throws -> [BronzeReply.Hour] {
        let subject = "\(market) \(page.hours)"
        let attempt = desk.launch.attempt.rawValue
        // Before the request leaves: an hour that is final by then was final when the exchange answered.
        let present = desk.present
        let reply: MarketReply<Candle>
        do {
            reply = try await desk.rest.candles(
                market: market, unit: arguments.unit, to: page.to, count: page.count, desk.options)
        } catch {
            if let endpoint = error.endpoint, !error.isCancellation {
                let evidence = BronzeReply(
                    noReplyFrom: desk.exchange, endpoint: .candles, target: endpoint, hours: page.hours,
                    attempt: attempt, callTime: desk.callTime(present), failure: error.description)
                try await desk.keep(evidence, subject: subject, elapsed: nil)
            }
            throw desk.failure(error, about: subject)
        }
        let elapsed = reply.raw.receivedAt - reply.raw.callTime
        let callTime = desk.callTime(reply.raw.callTime)
        let rows: [MarketRow<Candle>]
        do {
            rows = try reply.rows()
        } catch {
            let evidence = BronzeReply(
                reply.raw, endpoint: .candles, hours: page.hours, attempt: attempt, callTime: callTime,
                failure: error.description)
            try await desk.keep(evidence, subject: subject, elapsed: elapsed)
            throw desk.failure(error, about: subject, advice: await advice(error, market))
        }
        let hours = walk.cover(page, openTimes: rows.map(\.value.openTime), settled: settled(by: present)).map {
            BronzeReply.Hour(market: market.description, start: $0.start, rows: $0.rows, isFinal: $0.isFinal)
        }
        var evidence = BronzeReply(
            reply.raw, endpoint: .candles, hours: DataInterval(start: walk.left, end: page.hours.end),
            attempt: attempt, callTime: callTime)
        evidence.unit = Int(arguments.unit.seconds / 60)
        evidence.answered = hours
        // Rows beside the hours asked for stay in the reply and are no events: the one after them is not closed yet.
        evidence.events = rows.filter { evidence.hours.contains($0.value.openTime) }.map { row in
            BronzeReply.Event(
                symbol: market.description, at: row.value.openTime, payload: reply.text(of: row.payload))
        }
        try await desk.keep(evidence, subject: subject, elapsed: elapsed)
        return hours
    }

    /// What to do about a market that the exchange does not know.
    private func advice(_ error: MarketError, _ market: MarketCode) async -> String? {
        guard case .notFound = error.kind else { return nil }
        var known = arguments.markets.filter { $0 != market }.map(\.description)
        known += await desk.knownMarkets()
        let nearest = NearestName.of(market.description, among: known)
        return nearest.map { "is \($0) meant? Correct the task's markets" }
            ?? "correct the task's markets, or take it out if it was delisted"
    }
}

/// Tells the other markets of a try that one has failed.
private final class Halt: Sendable {
    private let flag = Mutex(false)

    var isSet: Bool { flag.withLock { $0 } }
    func set() { flag.withLock { $0 = true } }
}

/// Ends a market that stopped because another one failed.
private struct Halted: Error {}
