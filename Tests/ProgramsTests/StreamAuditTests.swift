import CivilTime
import FoundationEssentials
import Glibc
import HTTPClient
import TestSupport
import Testing

/// The streaming worker as it is run: beside a recorded exchange that disturbs, killed at any moment.
@Suite("cryptoflow-stream", .timeLimit(.minutes(4))) struct StreamAuditTests {
    private static let markets = ["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE"]

    /// A worker on the test's database.
    private func worker(_ name: String, _ scratch: Scratch, _ exchange: String) throws -> Program {
        try scratch.start(
            "cryptoflow-stream", ["--exchange-url", exchange, "--name", name],
            environment: ["CRYPTOFLOW_DATABASE_URL": TestDatabase.url ?? "", "CRYPTOFLOW_HOME": scratch.home])
    }

    private func exchange(_ scratch: Scratch, _ faults: [String]) async throws -> String {
        let program = try scratch.start(
            "cryptoflow-exchange",
            ["--port", "0", "--trades-per-second", "20"] + faults.flatMap { ["--fault", $0] })
        let line = try await program.line(containing: "listening on ")
        return String(line.dropFirst("listening on ".count))
    }

    /// What the exchange had to send of a market in a stretch, as `market id price volume`.
    private func sent(_ url: String, from: Timestamp, to: Timestamp) async throws -> [String] {
        let client = HTTPClient()
        var trades: [String] = []
        for market in Self.markets {
            let query = "market=\(market)&from=\(from.iso8601)&to=\(to.iso8601)&format=csv"
            let response = try await client.send(HTTPRequest(url: "\(url)/v1/_sent?\(query)"))
            trades += response.text.split(separator: "\n").dropFirst().map { line in
                let fields = line.split(separator: ",")
                return "\(fields[0]) \(fields[1]) \(fields[3]) \(fields[4])"
            }
        }
        await client.shutDown()
        return trades
    }

    @Test("stores every trade once through kills, lost connections, repetitions and disorder", .database)
    func audit() async throws {
        try await Scratch.with { scratch in
            let database = Database(url: try #require(TestDatabase.url))
            let url = try await exchange(
                scratch,
                [
                    "duplicate,probability=0.05", "reorder,probability=0.05", "disconnect,probability=0.001",
                    "garbage,probability=0.002,path=/websocket/v1",
                ])
            var workers = [try worker("a", scratch, url), try worker("b", scratch, url)]
            for worker in workers { try await worker.line(containing: "subscribed") }
            try await database.wait(for: "5", "SELECT count(DISTINCT market) FROM warehouse.silver_trade")
            let from = Timestamp.now()
            for kill in 0..<4 {
                let pause = Duration.milliseconds(Int.random(in: 200...2_500))
                try await Task.sleep(for: pause)  // check: allow, a kill has its moment
                let victim = kill % 2
                workers[victim].signal(SIGKILL)
                try await workers[victim].end()
                if kill == 2 {
                    _ = try await database.column(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cryptoflow stream'"
                    )
                }
                workers[victim] = try worker(victim == 0 ? "a" : "b", scratch, url)
                try await workers[victim].line(containing: "subscribed")
            }
            // The exchange numbers its milliseconds; the last one may not be over.
            let to = Timestamp.now() - .seconds(1)
            let expected = try await sent(url, from: from, to: to)
            let stretch = "traded_at >= '\(from.iso8601)' AND traded_at < '\(to.iso8601)'"
            try await database.wait(
                for: "\(expected.count)", "SELECT count(*) FROM warehouse.silver_trade WHERE \(stretch)")
            let stored = try await database.column(
                """
                SELECT market || ' ' || sequential_id || ' ' || price || ' ' || volume
                FROM warehouse.silver_trade WHERE \(stretch)
                """)
            #expect(expected.count > 200)
            #expect(Set(stored).symmetricDifference(expected).isEmpty)
            #expect(
                try await database.column(
                    """
                    SELECT sum(trades) - (SELECT count(*) FROM warehouse.silver_trade) FROM warehouse.stream_candle
                    GROUP BY unit_seconds
                    """) == ["0", "0"])

            for worker in workers { worker.signal(SIGTERM) }
            for worker in workers { #expect(try await worker.end() == 0) }
            #expect(
                try await database.value("SELECT count(*) FROM warehouse.stream_claim WHERE worker IS NOT NULL") == "0")
        }
    }

    @Test("shares its markets, which commands show and change while it runs", .database)
    func sharing() async throws {
        try await Scratch.with { scratch in
            let database = Database(url: try #require(TestDatabase.url))
            let environment = ["CRYPTOFLOW_DATABASE_URL": database.url]
            let url = try await exchange(scratch, [])
            let first = try worker("a", scratch, url)
            try await database.wait(
                for: "5", "SELECT count(*) FROM warehouse.stream_claim WHERE worker = 'a'")
            let second = try worker("b", scratch, url)
            let shares =
                "SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT count(*) AS n FROM warehouse.stream_claim GROUP BY worker) AS s"
            try await database.wait(for: "2 3", shares)

            // Asked for where the workers ask.
            try await database.wait(for: "2", "SELECT count(*) FROM warehouse.stream_collector")
            let refused = try await scratch.cryptoflow("market", "add", "KRW-BCT", code: 1, environment: environment)
            #expect(refused.errors.contains("did you mean KRW-BTC"))
            let kept = try await scratch.cryptoflow("market", "remove", "KRW-BTC", code: 1, environment: environment)
            #expect(kept.errors.contains("protected"))
            _ = try await scratch.cryptoflow("market", "remove", "KRW-DOGE", environment: environment)
            try await database.wait(
                for: "4", "SELECT count(*) FROM warehouse.stream_claim WHERE worker IS NOT NULL")
            _ = try await scratch.cryptoflow("market", "add", "krw-doge", environment: environment)
            try await database.wait(
                for: "5", "SELECT count(*) FROM warehouse.stream_claim WHERE worker IS NOT NULL")
            try await database.wait(
                for: "2", "SELECT count(*) FROM warehouse.stream_collector WHERE state = 'running'")
            let status = try await scratch.cryptoflow("stream", "status", environment: environment)
            #expect(status.output.contains("running"))

            // One dies, one takes over.
            first.signal(SIGKILL)
            try await database.wait(
                for: "5", "SELECT count(*) FROM warehouse.stream_claim WHERE worker = 'b'")
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
        }
    }
}
