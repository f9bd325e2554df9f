import Glibc
import Testing

/// Everything that fills a whole warehouse: one at a time, or two busy processors would be many.
@Suite("first fill, disturbed and undisturbed", .serialized) enum FirstFillSerial {}

extension FirstFillSerial {
    @Suite("undisturbed") struct Undisturbed {
        @Test("brings every hour once, stays so after backfills, and leaves nothing running", .timeLimit(.minutes(3)))
        func everyHourOnce() async throws {
            try await Scratch.with { scratch in
                let program = try FirstFill.start(scratch)
                let database = try await FirstFill.finish(program, scratch)
                try await UndisturbedFill.shared.take(from: database)
                try await Rules.check(Rules.history + Rules.warehouse, in: database)

                let expected = try FirstFill.recordedCandles(scratch)
                let found = Set(try await database.column(FirstFill.candlesSQL))
                #expect(found == expected)
                #expect(
                    try await database.value("SELECT count(*) FROM market_hour") == "\(FirstFill.hours * 5)",
                    "every hour of every market was asked for")
                #expect(
                    try await database.value("SELECT count(*) FROM market_hour WHERE state = 'no trade'")
                        == "\(FirstFill.hours * 5 - expected.count)", "missing hours are those of the recording")
                #expect(try await database.value("SELECT count(*) FROM ticker_latest") == "5")
                #expect(
                    try await database.value(
                        "SELECT count(*) FROM dag_run WHERE state = 'failed'") == "0")

                try await backfillTwice(scratch, database)
                try await byHand(scratch, database)

                let pids = scratch.processes()
                #expect(pids.contains { $0.directory.hasPrefix(scratch.home) }, "the database runs in the home")
                program.signal(SIGINT)
                // In order, not by force.
                #expect(try await program.end() == 0)
                #expect(scratch.processes().map(\.description) == [], "something is left running")
            }
        }

        /// What assets start can be started by hand too: it reads everything again, and changes nothing that is right.
        private func byHand(_ scratch: Scratch, _ database: Database) async throws {
            let silver = try await database.value(FirstFill.silverChecksum)
            let gold = try await database.value("SELECT gold_checksum()")
            for dag in ["bronze_to_silver", "gold_trend_volatility", "candle_check", "predict"] {
                try await scratch.cryptoflow("dag", "trigger", dag, "--wait", "--timeout", "60s")
            }
            try await database.wait(Rules.isIdle)
            #expect(try await database.value(FirstFill.silverChecksum) == silver)
            #expect(try await database.value("SELECT gold_checksum()") == gold)
        }

        /// Six hours that the fill fetched as warm-up, without runs of their own, and six that have runs.
        private func backfillTwice(_ scratch: Scratch, _ database: Database) async throws {
            let silver = try await database.value(FirstFill.silverChecksum)
            let gold = try await database.value("SELECT gold_checksum()")
            let range = ["--from", "2026-11-06T06:00:00Z", "--to", "2026-11-06T17:00:00Z"]
            for (reprocess, runs) in [("none", "6 of 12"), ("completed", "12 of 12")] {
                try await scratch.cryptoflow(
                    "dag", "backfill", "candles_1h", range[0], range[1], range[2], range[3], "--reprocess", reprocess,
                    "--wait", "--timeout", "60s")
                try await database.wait(Rules.isIdle)
                #expect(
                    try await database.value(
                        "SELECT created || ' of ' || total FROM backfill ORDER BY id DESC LIMIT 1") == runs)
                #expect(try await database.value(FirstFill.silverChecksum) == silver)
                #expect(try await database.value("SELECT gold_checksum()") == gold)
            }
            #expect(
                try await database.value(
                    """
                    SELECT count(*) FROM task_attempt WHERE dag_id = 'candles_1h' AND try_number = 2 AND state = 'success'
                    """) == "12", "the second backfill ran every hour again")
            try await Rules.check(Rules.history + Rules.warehouse, in: database, "after the backfills")
        }
    }
}
