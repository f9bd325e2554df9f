import CivilTime
import DAGModel
import Execution
import HTTPClient
import Markets
import PostgresClient
import Synchronization

/// What the requests of one try share: whom to ask, where to put replies, what to say, and the count so far.
final class FetchDesk: Sendable {
    struct Tally: Sendable {
        var rows = 0
        var calls = 0
        var landingIDs: [Int64] = []
    }

    let gateway: MarketGateway
    let rest: MarketREST
    let exchange: Exchange
    let launch: AttemptLaunch
    let log: TaskLog
    /// Where the exchange's clock stands; nil when it runs.
    let standing: Timestamp?
    private let tally = Mutex(Tally())

    /// The longest wait for the rate limit; an exchange's block beyond it fails the try at once, saying until when.
    static let longestWait = Duration.seconds(120)
    /// How many identities of replies the task's output names.
    private static let idsInOutput = 20

    init(
        gateway: MarketGateway, rest: MarketREST, exchange: Exchange, launch: AttemptLaunch, log: TaskLog,
        standing: Timestamp?
    ) {
        self.gateway = gateway
        self.rest = rest
        self.exchange = exchange
        self.launch = launch
        self.log = log
        self.standing = standing
    }

    /// The exchange's present.
    var present: Timestamp { standing ?? gateway.now() }

    var options: MarketREST.Options {
        MarketREST.Options(attempt: launch.tryNumber, maximumWait: Self.longestWait)
    }

    /// When a request was sent.
    ///
    /// Where the exchange's clock stands ahead of ours its time counts: Silver takes a candle only from a request sent
    /// after the candle's end.
    func callTime(_ sent: Timestamp) -> Timestamp {
        standing.map { max(sent, $0) } ?? sent
    }

    /// Stores a reply and says so in the task's log.
    ///
    /// - Parameter elapsed: from sending the request to its reply's end; nil when no reply came.
    /// - Throws: ``TaskFailure`` when the database refuses the reply, `CancellationError`, `PostgresError`.
    func keep(_ reply: BronzeReply, subject: String, elapsed: Duration?) async throws {
        let id = try await BronzeWriter(pool: gateway.pool).store(reply)
        let rows = reply.events.count
        tally.withLock { tally in
            tally.calls += 1
            tally.rows += rows
            tally.landingIDs.append(id)
        }
        let status = reply.status.map { "status \($0)" } ?? "no reply"
        let time = elapsed.map { ", \($0.wholeMicroseconds / 1000) ms" } ?? ""
        let line = "\(subject): \(status), \(rows) row\(rows == 1 ? "" : "s")\(time), landing \(id)"
        if let failure = reply.failure {
            log.warning("\(line); not used: \(failure)")
        } else {
            log.info(line)
        }
    }

    /// The result of a try that has it all.
    func result(over interval: DataInterval) -> TaskResult {
        let total = tally.withLock { $0 }
        let output: JSONValue = [
            "rows": .int(Int64(total.rows)),
            "calls": .int(Int64(total.calls)),
            "landing_ids": .array(total.landingIDs.sorted().prefix(Self.idsInOutput).map { .int($0) }),
            "interval": ["start": .string(interval.start.iso8601), "end": .string(interval.end.iso8601)],
        ]
        let changes = launch.task.outlets.map { AssetChange(asset: $0, interval: interval) }
        return TaskResult(output: output, assetChanges: changes)
    }

    /// The try's end for an exchange's error about `subject` ("KRW-BTC 2026-01-01T00:00:00Z/…").
    func failure(_ error: MarketError, about subject: String, advice: String? = nil) -> any Error {
        if error.isCancellation { return CancellationError() }
        let what =
            switch error.kind {
            case .rateLimited:
                error.endpoint == nil
                    ? "no free slot in \(exchange.displayName)'s request limit within \(Self.longestWait.humanText())"
                    : "\(exchange.displayName) answered 429, too many requests"
            case .blocked(let until):
                "\(exchange.displayName) blocks this address until about \(until.iso8601) (status 418); see that"
                    + " nothing else on this address asks it"
            case .notFound: "\(exchange.displayName) answered 404 (\(error.message))"
            case .server(let status): "\(exchange.displayName) failed with status \(status) (\(error.message))"
            case .exchangeError(let status, _):
                "\(exchange.displayName) refused with status \(status) (\(error.message))"
            case .malformed(let problem): "\(exchange.displayName)'s reply is not usable (\(problem))"
            case .transport(let cause): "no whole reply came from \(exchange.displayName) (\(cause.reason))"
            case .cancelled: "cancelled"
            }
        let isRetryable = error.isRetryable
        return TaskFailure(
            "\(subject): \(what); \(advice ?? next(isRetryable))", isRetryable: isRetryable)
    }

    /// What happens after a failed try, in words.
    private func next(_ isRetryable: Bool) -> String {
        guard isRetryable else { return "another try would meet the same, so there is none" }
        guard launch.tryNumber <= launch.maxTries else { return "this was the last try" }
        return "try \(launch.tryNumber + 1) of \(launch.maxTries + 1) follows"
    }
}

extension FetchDesk {
    /// The markets that the exchange has listed so far; none when they cannot be read, since they only make an error's
    /// advice better.
    func knownMarkets() async -> [String] {
        let sql = "SELECT market FROM warehouse.market WHERE exchange = $1 ORDER BY last_seen DESC, market LIMIT 2000"
        let result = try? await gateway.pool.query(sql, [exchange.rawValue], timeout: .seconds(5))
        return result?.compactMap { try? $0.decode(0, as: String.self) } ?? []
    }
}
