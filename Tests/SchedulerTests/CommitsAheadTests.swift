import DAGModel
import Logging
import PostgresClient
import RunStore
import Scheduler
import SchedulerCore
import TestDatabases
import TestSupport
import Testing

@Suite("Batches sent ahead", .timeLimit(.minutes(2))) struct CommitsAheadTests {
    @Test("nothing is lost or done twice when their connection ends again and again", .database)
    func lostConnections() async throws {
        try await ProjectDatabase.use { database in
            let store = try PostgresRunStore(
                url: database.url, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let log = CommitLog()
            var settings = SchedulerSettings()
            settings.core.parallelism = 1_000
            settings.core.startsPerDecision = 7
            settings.batchLimit = 20
            settings.sendsAheadFrom = 1
            var record = Fixture.dag("wide", tasks: (0..<400).map { Fixture.task("t\($0)") })
            var dag = record.dag
            dag.maxActiveTasks = 1_000
            record = DAGRecord(dag: dag, version: record.version, sourceText: "")
            let other = try await PostgresConnection.connect(PostgresSettings(url: database.url))
            try await Fixture.leading(Fixture.service(store, [record], log, settings: settings)) {
                try await Fixture.trigger("wide", on: store)
                for count in [40, 100, 160, 250, 330] {
                    await log.wait { $0.count { if case .endAttempt = $0 { true } else { false } } >= count }
                    try await other.query(
                        """
                        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                        WHERE application_name = 'cryptoflow scheduler' AND datname = current_database()
                        """)
                }
                await log.waitForEnds(of: 1)
            }
            let row = try #require(
                try await other.query(
                    """
                    SELECT count(*), count(DISTINCT task_id), count(*) FILTER (WHERE state = 'success')
                    FROM flow.task_attempt_past
                    """
                ).first)
            #expect(try row.decode(0, as: Int.self) == 400)
            #expect(try row.decode(1, as: Int.self) == 400)
            #expect(try row.decode(2, as: Int.self) == 400)
            #expect(try await store.runs(RunQuery()).runs.map(\.state) == [.success])
            await other.close()
            await store.close()
        }
    }
}
