import CivilTime
import DAGModel
import Execution
import HTTPClient
import Markets

/// Fetches the present 24-hour tickers of all markets of a quote currency, once.
///
/// Silver keys them by the hour asked and keeps the list of markets from them.
struct TickerFetch: Sendable {
    let arguments: MarketFetchArguments
    let desk: FetchDesk

    private static let hour = Duration.seconds(3600)

    func run() async throws -> TaskResult {
        let asked = try hourAsked()
        let interval = DataInterval(start: asked, end: asked + Self.hour)
        let subject = "tickers of \(arguments.quote) for \(asked.iso8601)"
        let attempt = desk.launch.attempt.rawValue
        let present = desk.present
        let reply: MarketReply<Ticker>
        do {
            reply = try await desk.rest.tickers(quotes: [arguments.quote], desk.options)
        } catch {
            if let endpoint = error.endpoint, !error.isCancellation {
                let evidence = BronzeReply(
                    noReplyFrom: desk.exchange, endpoint: .ticker24h, target: endpoint, hours: interval,
                    attempt: attempt, callTime: desk.callTime(present), failure: error.description)
                try await desk.keep(evidence, subject: subject, elapsed: nil)
            }
            throw desk.failure(error, about: subject)
        }
        let elapsed = reply.raw.receivedAt - reply.raw.callTime
        var evidence = BronzeReply(
            reply.raw, endpoint: .ticker24h, hours: interval, attempt: attempt,
            callTime: desk.callTime(reply.raw.callTime))
        let rows: DecodedRows<Ticker>
        do {
            rows = try reply.outcome.get()
        } catch {
            evidence.failure = error.description
            try await desk.keep(evidence, subject: subject, elapsed: elapsed)
            throw desk.failure(error, about: subject)
        }
        guard !rows.accepted.isEmpty else {
            try await keepUseless(&evidence, rows, reply, subject)
        }
        fill(&evidence, rows.accepted, reply, asked)
        try await desk.keep(evidence, subject: subject, elapsed: elapsed)
        // One odd market among hundreds is no reason to lose the hour of the others.
        for row in rows.rejected {
            desk.log.warning("\(subject): row \(row.index) was left out: \(row.problem)")
        }
        return desk.result(over: interval)
    }

    /// The hour that the tickers stand for: a scheduled run's instant, else the present hour.
    private func hourAsked() throws -> Timestamp {
        let run = desk.launch.run
        let now = desk.present
        guard run.type == .scheduled || run.type == .backfill else { return floor(now) }
        let due = run.interval?.end ?? run.runAfter
        if let standing = desk.standing, due > standing {
            throw TaskSkip(
                "the recording's clock stands at \(standing.iso8601), before this run's instant \(due.iso8601)")
        }
        let late = now - due
        guard late <= arguments.skipAfter else {
            throw TaskSkip(
                "started \(late.humanText(units: 2)) after its instant \(due.iso8601), and "
                    + "\(desk.exchange.displayName) gives only the present; at most "
                    + "\(arguments.skipAfter.humanText()) are allowed (skip_after)")
        }
        return floor(due)
    }

    private func floor(_ instant: Timestamp) -> Timestamp {
        Timestamp(seconds: instant.seconds.flooredQuotient(3600) * 3600)
    }

    /// Keeps a reply without a usable ticker, and ends the try.
    private func keepUseless(
        _ evidence: inout BronzeReply, _ rows: DecodedRows<Ticker>, _ reply: MarketReply<Ticker>, _ subject: String
    ) async throws -> Never {
        let recorded = reply.raw.headers["X-Recorded"]
        let reason =
            rows.rejected.first.map { "none of \(rows.rejected.count) tickers makes sense (\($0.problem))" }
            ?? recorded ?? "\(desk.exchange.displayName) lists no market priced in \(arguments.quote)"
        evidence.failure = reason
        try await desk.keep(evidence, subject: subject, elapsed: reply.raw.receivedAt - reply.raw.callTime)
        if let recorded, rows.rejected.isEmpty { throw TaskSkip("the exchange has no tickers: \(recorded)") }
        throw TaskFailure("\(subject): \(reason)")
    }

    private func fill(
        _ evidence: inout BronzeReply, _ rows: [MarketRow<Ticker>], _ reply: MarketReply<Ticker>, _ asked: Timestamp
    ) {
        var markets: Set<MarketCode> = []
        for row in rows {
            let market = row.value.market
            evidence.events.append(
                BronzeReply.Event(
                    symbol: market.description, at: row.value.exchangeTime, payload: reply.text(of: row.payload)))
            // A market given twice is one covered hour.
            if markets.insert(market).inserted {
                evidence.answered.append(
                    BronzeReply.Hour(market: market.description, start: asked, rows: 1, isFinal: true))
            }
        }
    }
}
