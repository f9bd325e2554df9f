import FoundationEssentials
import Glibc
import HTTPClient
import Testing

extension FirstFillSerial {
    @Suite("with an exchange that misbehaves") struct Misbehaving {
        @Test("tries again until every hour is there, and keeps nothing of what failed", .timeLimit(.minutes(4)))
        func healing() async throws {
            let expected = try await UndisturbedFill.shared.checksums()
            try await Scratch.with { scratch in
                try Self.copyDocuments(to: scratch)
                let exchange = try await Exchange.start(scratch)
                let program = try scratch.standalone(
                    "--feed", "recorded", "--recorded-now", FirstFill.present, "--exchange-url", exchange.url,
                    "--no-fill", "--dags", "dags")
                try await program.line(containing: "scheduler  leading")
                let database = try await scratch.database()

                try await Self.fetch(scratch, exchange)
                try await database.wait(Rules.isIdle)

                try await Rules.check(Rules.history + Rules.warehouse, in: database)
                #expect(
                    try await database.value("SELECT gold_checksum('-infinity', '\(FirstFill.halfDayEnd)')")
                        == expected.halfDay)
                // A try in which several markets failed names one of them; the evidence has all.
                let failed = try await database.column(
                    """
                    SELECT reason FROM task_attempt WHERE dag_id LIKE 'candles%' AND state = 'failed'
                    UNION SELECT failure FROM crypto_24hr_rawingest_landing WHERE failure IS NOT NULL
                    """)
                for sign in ["429", "status 500", "not usable", "no whole reply"] {
                    #expect(failed.contains { $0.contains(sign) }, "no try failed for \"\(sign)\": \(failed)")
                }
                #expect(
                    try await database.value(
                        """
                        SELECT count(*) FROM dag_run WHERE dag_id IN ('candles_1h', 'candles_history') AND state = 'failed'
                        """) == "0")
                #expect(
                    try await database.value(
                        "SELECT count(*) > 8 FROM crypto_24hr_rawingest_landing WHERE failure IS NOT NULL") == "true",
                    "what the exchange said while it misbehaved is kept as evidence")
            }
        }

        /// The documents as they are, but for the pause between tries.
        private static func copyDocuments(to scratch: Scratch) throws {
            let source = Installed.checkout + "/dags"
            let names =
                try FileManager.default.contentsOfDirectory(atPath: source)
                + FileManager.default.contentsOfDirectory(atPath: source + "/sql").map { "sql/" + $0 }
            for name in names where name.hasSuffix(".yaml") || name.hasSuffix(".sql") {
                let text = try String(contentsOf: URL(filePath: "\(source)/\(name)"), encoding: .utf8)
                let quick = text.replacing("retry_delay: 10s", with: "retry_delay: 500ms")
                    // What the schedule would catch up is not part of this.
                    .replacing("catchup: true", with: "catchup: false")
                try scratch.write(quick, to: "dags/\(name)")
            }
        }

        /// The warm-up and half a day, each while the exchange misbehaves in every way.
        private static func fetch(_ scratch: Scratch, _ exchange: Exchange) async throws {
            let first: [String] = [
                #"{"kind": "500", "path": "/v1/candles", "skip": 3, "count": 1}"#,
                #"{"kind": "garbage", "path": "/v1/candles", "skip": 7, "count": 1}"#,
            ]
            for fault in first { try await exchange.setUp(fault) }
            try await scratch.cryptoflow(
                "dag", "trigger", "candles_history", "--conf",
                #"{"start": "\#(FirstFill.historyStart)", "end": "\#(FirstFill.backfillStart)"}"#, "--wait",
                "--timeout", "100s")
            let second: [String] = [
                #"{"kind": "429", "path": "/v1/candles", "skip": 2, "count": 2}"#,
                #"{"kind": "500", "path": "/v1/candles", "skip": 8, "count": 4}"#,
                #"{"kind": "garbage", "path": "/v1/candles", "skip": 16, "count": 2}"#,
                // A connection that was used before and is reset is tried once more by libcurl, without a word.
                #"{"kind": "reset", "path": "/v1/candles", "skip": 22, "count": 3}"#,
                #"{"kind": "cutoff", "path": "/v1/candles", "skip": 30, "count": 2}"#,
                #"{"kind": "hang", "path": "/v1/candles", "skip": 36, "count": 1, "seconds": 1}"#,
                #"{"kind": "truncate", "path": "/v1/candles", "skip": 42, "count": 2}"#,
            ]
            for fault in second { try await exchange.setUp(fault) }
            try await scratch.cryptoflow(
                "dag", "backfill", "candles_1h", "--from", FirstFill.backfillStart, "--to", "2026-11-06T23:00:00Z",
                "--wait", "--timeout", "100s")
        }
    }
}

/// A recorded exchange of a test.
private struct Exchange {
    let program: Program
    let url: String

    static func start(_ scratch: Scratch) async throws -> Exchange {
        let program = try scratch.start(
            "cryptoflow-exchange", ["--port", "0", "--recorded-now", FirstFill.present])
        let line = try await program.line(containing: "listening on ")
        return Exchange(program: program, url: String(line.dropFirst("listening on ".count)))
    }

    func setUp(_ fault: String) async throws {
        let client = HTTPClient()
        let response = try await client.send(HTTPRequest(.post, url: url + "/faults", body: Array(fault.utf8)))
        await client.shutDown()
        guard response.isSuccess else {
            throw Program.Failure(description: "the exchange refused \(fault): \(response.text)")
        }
    }
}
