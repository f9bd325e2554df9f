import CivilTime
import FoundationEssentials
import Glibc
import HTTPClient
import TestSupport
import Testing

/// The streaming worker as it is run: beside a recorded exchange that disturbs, killed at any moment.
@Suite("cryptoflow-stream", .timeLimit(.minutes(4))) struct StreamAuditTests {
    private static let markets = ["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE"]

    /// A worker on a database, by default the test's.
    private func worker(
        _ name: String, _ scratch: Scratch, _ exchange: String, _ more: [String] = [], database: String? = nil
    ) throws -> Program {
        let url = database ?? TestDatabase.url ?? ""
        return try scratch.start(
            "cryptoflow-stream", ["--exchange-url", exchange, "--name", name] + more,
            environment: [
                "CRYPTOFLOW_DATABASE_URL": url, "CRYPTOFLOW_HOME": scratch.home,
                // The tests' databases share a server, and so the role whose password every home sets anew.
                "CRYPTOFLOW_CONN_WAREHOUSE": url,
            ])
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
                return "\(fields[0]) \(fields[1]) \(Self.trimmed(fields[3])) \(Self.trimmed(fields[4]))"
            }
        }
        await client.shutDown()
        return trades
    }

    /// A number without zeros at its end, as they are stored.
    private static func trimmed(_ number: Substring) -> Substring {
        guard number.contains(".") else { return number }
        var number = number
        while number.hasSuffix("0") { number.removeLast() }
        if number.hasSuffix(".") { number.removeLast() }
        return number
    }

    /// Waits until all trades are stored that the exchange had to send since an instant: each once, as it was sent, and
    /// candles of just these.
    private func audit(_ database: Database, _ url: String, from start: Timestamp) async throws {
        // Whole seconds: the exchange's list knows milliseconds only, so that finer bounds would mean other trades there
        // than in the database. The last second may not be over.
        let from = Timestamp(seconds: start.seconds + 1)
        let to = Timestamp(seconds: Timestamp.now().seconds - 1)
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
        // Counted, not listed: there may be thousands.
        #expect(Set(stored).symmetricDifference(expected).count == 0)
        #expect(
            try await database.column(
                """
                SELECT sum(trades) - (SELECT count(*) FROM warehouse.silver_trade) FROM warehouse.stream_candle
                GROUP BY unit_seconds
                """) == ["0", "0"])
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
            try await audit(database, url, from: from)

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

    @Test("standalone stores every trade once too, killed with its database and without it")
    func standalone() async throws {
        try await Scratch.with { scratch in
            try scratch.write("", to: "dags/none.txt")
            let url = try await exchange(scratch, ["duplicate,probability=0.05", "disconnect,probability=0.001"])
            let start = {
                let program = try scratch.standalone(
                    "--feed", "live", "--exchange-url", url, "--no-fill", "--dags", "dags")
                try await program.line(containing: "collector upbit  running")
                return program
            }
            var program = try await start()
            var database = try await scratch.database()
            try await database.wait(for: "5", "SELECT count(DISTINCT market) FROM warehouse.silver_trade")
            let from = Timestamp.now()
            // The database alone, under load: what comes meanwhile waits for it.
            let postmaster = scratch.read("home/postgres/postmaster.pid").prefix { $0 != "\n" }
            kill(try #require(pid_t(postmaster)), SIGKILL)
            try await database.wait(
                "SELECT count(*) > 0 FROM warehouse.silver_trade WHERE received_at > '\((from + .seconds(2)).iso8601)'")
            // Then the program, and with it its database.
            program.signal(SIGKILL)
            try await program.end()
            program = try await start()
            database = try await scratch.database()
            try await audit(database, url, from: from)
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
        }
    }

    @Test("a worker alone serves pages, API and figures, and says when its data is recorded", .database)
    func pages() async throws {
        let recorded = "cryptoflow_recorded"
        try await TestCluster.shared.drop(database: recorded)
        try await TestCluster.shared.execute("CREATE DATABASE \(recorded) TEMPLATE template0")
        try await Scratch.with { scratch in
            let url = try await exchange(scratch, [])
            let databases = [TestDatabase.url ?? "", try await TestCluster.shared.url(database: recorded)]
            for (number, database) in databases.enumerated() {
                let worker = try worker("w\(number)", scratch, url, ["--port", "0"], database: database)
                try await Pages.with(try await worker.line(containing: "pages at ")) { pages in
                    try await pages.body("api/market/prices", containing: "\"symbol\":\"KRW-BTC\",\"price\":\"")
                    try await pages.body("api/market/trades?symbol=KRW-ETH", containing: "\"sequential_id\":\"")
                    let page = try await pages.body("live/KRW-BTC", containing: "data-trade=\"")
                    #expect(page.contains("recorded data") == (number == 1))
                    let collectors = try await pages.body("collectors", containing: "w\(number)")
                    #expect(collectors.contains("running"))
                    let metrics = try await pages.body(
                        "metrics", containing: "cryptoflow_stream_messages_total{exchange=\"upbit\",kind=\"trade\"}")
                    #expect(metrics.contains("cryptoflow_stream_stored_trades_total"))
                }
                worker.signal(SIGTERM)
                #expect(try await worker.end() == 0)
            }
        }
        try await TestCluster.shared.drop(database: recorded)
    }
}
