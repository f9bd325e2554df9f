import Glibc
import Testing

extension FirstFillSerial {
    @Suite("the model") struct ModelTraining {
        /// Rows that break a rule of the registry.
        private static let rules: [(rule: String, sql: String)] = [
            (
                "a run stored one model at most",
                "SELECT dag_id || run_id FROM model_registry GROUP BY dag_id, run_id, task_id, map_index HAVING count(*) > 1"
            ),
            (
                "an artefact is what its hash says",
                "SELECT id FROM model_registry WHERE sha256 <> sha256(artefact::text::bytea)"
            ),
            (
                "only what is better was promoted by a run",
                """
                SELECT name FROM model_promotion AS p JOIN model_registry AS r ON r.id = p.model_id WHERE r.verdict <> 'better'
                """
            ),
            (
                "a market has one forecast an hour",
                """
                SELECT market || open_time FROM gold_prediction GROUP BY exchange, market, open_time HAVING count(*) > 1
                """
            ),
            (
                "a forecast without a model says so",
                """
                SELECT market FROM gold_prediction WHERE (model_id IS NULL) <> (model_name LIKE 'naive: %')
                """
            ),
        ]

        @Test(
            "is trained once the history is there, and killed in the middle it is trained again",
            .timeLimit(.minutes(5)))
        func killed() async throws {
            try await Scratch.with { scratch in
                let program = try FirstFill.start(scratch)
                let database = try await FirstFill.finish(program, scratch)
                #expect(try await database.value("SELECT count(*) FROM model_registry") == "1")
                // The clock stands still, so each market has its newest hour and the 48 before it.
                #expect(try await database.value("SELECT count(DISTINCT market) FROM gold_prediction") == "5")
                #expect(
                    try await database.value(
                        "SELECT count(*) > 200 FROM gold_prediction WHERE actual_close IS NOT NULL AND error IS NOT NULL"
                    )
                        == "true")

                try await scratch.cryptoflow(
                    "dag", "trigger", "model_retraining", "--conf", "{\"rounds\": 400, \"seed\": 5}")
                try await database.wait(
                    "SELECT count(pid) = 1 FROM task_attempt WHERE task_id = 'train' AND ended_at IS NULL")
                let pid = try await database.value(
                    "SELECT pid FROM task_attempt WHERE task_id = 'train' AND ended_at IS NULL")
                try #require(kill(try #require(Int32(pid)), SIGKILL) == 0)
                try await database.wait(Rules.isIdle)
                #expect(
                    try await database.value(
                        """
                        SELECT string_agg(state || ' ' || coalesce(reason, ''), ', ' ORDER BY try_number)
                        FROM task_attempt WHERE task_id = 'train'
                            AND run_key = (SELECT max(run_key) FROM dag_run WHERE dag_id = 'model_retraining')
                        """) == "failed cryptoflow-model was killed by SIGKILL, success ")
                #expect(try await database.value("SELECT count(*) FROM model_registry") == "2")
                #expect(
                    try await database.value(
                        "SELECT artefact #>> '{parameters,rounds}' FROM model_registry ORDER BY id DESC LIMIT 1")
                        == "400")

                // A grid: one instance a candidate, one after the other, each stored under its own index.
                try await scratch.cryptoflow("dag", "trigger", "model_search", "--wait", "--timeout", "120s")
                #expect(
                    try await database.column(
                        """
                        SELECT map_index || ' ' || (artefact #>> '{parameters,max_depth}') FROM model_registry
                        WHERE dag_id = 'model_search' ORDER BY map_index
                        """) == ["0 2", "1 2", "2 4", "3 4"])

                // Another search that cannot be is told, and not tried again.
                let refused = try await scratch.cryptoflow(
                    "dag", "trigger", "model_retraining", "--conf", "{\"windows\": 2}", "--wait", code: 1)
                #expect((refused.output + refused.errors).contains("ended in failed"))
                #expect(
                    try await database.value(
                        "SELECT reason FROM task_attempt WHERE task_id = 'train' AND state = 'failed' ORDER BY attempt DESC LIMIT 1"
                    )
                        == "windows must be a whole number from 6 to 100, found 2")
                try await Rules.check(Rules.history + Self.rules, in: database)
                program.signal(SIGTERM)
                #expect(try await program.end() == 0)
                #expect(scratch.processes().map(\.description) == [], "something is left running")
            }
        }
    }
}
