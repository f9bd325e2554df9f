import CivilTime
package import DAGModel
import Execution
import PostgresClient
import SchedulerCore

extension PostgresRunStore: WorkerStore {
    package func register(_ worker: WorkerFacts, ttl: Duration) async throws -> WorkerID {
        let process = worker.process
        let results = try await handOver.pipeline(
            [
                PostgresStatement(WorkerSQL.forgetOld),
                PostgresStatement(
                    WorkerSQL.register,
                    [
                        StoredText.clean(worker.name), process.host, process.pid, process.bootID,
                        Int64(bitPattern: process.startTicks), worker.version,
                        worker.queues.map { StoredText.clean($0) },
                        worker.concurrency, ttl.wholeMicroseconds,
                    ]),
            ], timeout: Self.patience(ttl))
        guard let row = results[1].first else { throw RunStoreError.corrupt("a worker's row vanished") }
        return try row.decode(0)
    }

    /// Throws a sentence when the database is from before there were workers.
    package func checkWorkersAreKnown() async throws {
        let found: String? = try await reader.query("SELECT to_regclass('flow.worker')::text").first?.decode(0)
        guard found == nil else { return }
        throw PostgresError(
            .migration,
            "the database knows no workers: bring it up to date first, by `cryptoflow db migrate` or a start of the scheduler "
                + "of this version")
    }

    /// A call that takes longer than this is given up: the time to live is running.
    private static func patience(_ ttl: Duration) -> Duration { max(ttl / 4, .milliseconds(500)) }

    package func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool, ttl: Duration) async throws -> Bool {
        let result = try await handOver.query(
            PostgresStatement(WorkerSQL.heartbeat, [worker, ttl.wholeMicroseconds, running, isDraining]),
            timeout: Self.patience(ttl))
        return result.affectedRows == 1
    }

    package func claim(_ worker: WorkerID, queue: String, limit: Int) async throws -> [ClaimedAttempt] {
        let rows = try await handOver.query(WorkerSQL.claim, [worker, StoredText.clean(queue), limit])
        return try rows.map { row in
            let start = try AttemptStart(row)
            var reader = RowReader(row, from: 11)
            let run = try RunRecord(&reader)
            return ClaimedAttempt(
                start: start, run: run, claimedAt: try reader.next(), logStart: try reader.next())
        }
    }

    package func stoppingAttempts(of worker: WorkerID) async throws -> [AttemptID] {
        try await handOver.query(WorkerSQL.stopping, [worker]).map { try $0.decode(0) }
    }

    package func report(_ worker: WorkerID, ends: [AttemptEnd], logs: [LogPiece]) async throws -> Set<AttemptID> {
        let texts = try ends.map { try StoredText.encode(StoredEnd($0)) }
        // One transaction: who sees the end sees the whole log.
        let results = try await handOver.pipeline(
            Self.shipping(worker, logs) + [
                PostgresStatement(WorkerSQL.report, [worker, ends.map(\.attempt), texts]),
                PostgresStatement(WorkerSQL.notifyResults),
            ])
        return Set(try results[results.count - 2].map { try $0.decode(0) })
    }

    package func ship(_ worker: WorkerID, logs: [LogPiece]) async throws {
        if logs.isEmpty { return }
        _ = try await handOver.pipeline(Self.shipping(worker, logs))
    }

    private static func shipping(_ worker: WorkerID, _ logs: [LogPiece]) -> [PostgresStatement] {
        if logs.isEmpty { return [] }
        var statements = [
            PostgresStatement(
                WorkerSQL.ship, [worker, logs.map(\.attempt), logs.map(\.start), logs.map(\.content)])
        ]
        let shortened = logs.compactMap { piece in piece.givenUp.map { (piece.attempt, $0) } }
        if !shortened.isEmpty {
            statements.append(
                PostgresStatement(
                    WorkerSQL.giveUpLogs,
                    [worker, shortened.map(\.0), shortened.map(\.1.lowerBound), shortened.map(\.1.upperBound)]))
        }
        return statements
    }

    package func leave(_ worker: WorkerID) async throws {
        _ = try await handOver.query(WorkerSQL.leave, [worker])
    }

    package func definition(of dag: DAGID, version: DAGVersionID) async throws -> DAG {
        let rows = try await reader.query(
            "SELECT definition::text FROM flow.dag_version WHERE dag_id = $1 AND version = $2", [dag, version])
        guard let row = rows.first else {
            throw RunStoreError.corrupt("version \(version) of DAG \(dag), which a run is pinned to, is gone")
        }
        return try StoredText.decode(try row.decode(0), as: "version \(version) of DAG \(dag)")
    }

    package func queueWakeups() async -> AsyncStream<String?> {
        queueWakeupHub.listen(to: "cryptoflow_worker", bufferLimit: 256) { $0.isEmpty ? nil : $0 }
    }
}

extension PostgresRunStore: HandOverStore {
    package func reportedEnds(limit: Int) async throws -> [AttemptEnd] {
        try await handOver.query(WorkerSQL.results, [limit]).map { row in
            let attempt: AttemptID = try row.decode(0)
            do {
                let stored: StoredEnd = try StoredText.decode(try row.decode(1), as: "the end that a worker reported")
                return stored.end(of: attempt)
            } catch let error as RunStoreError {
                // A worker of another version: its try is over, whatever it came to.
                return AttemptEnd(attempt: attempt, state: .failed, reason: "\(error)")
            }
        }
    }

    package func stopHandedOver(_ attempts: [HandedOverAttempt]) async throws -> [AttemptID] {
        let numbers = attempts.map(\.attempt)
        let results = try await handOver.pipeline([
            PostgresStatement(WorkerSQL.takeBack, [numbers, attempts.map { StoredText.clean($0.queue) }]),
            PostgresStatement(WorkerSQL.stop, [numbers]),
            PostgresStatement(WorkerSQL.notifyStops),
        ])
        return try results[0].map { try $0.decode(0) }
    }

    package func judgeWorkers(dead: [WorkerID]) async throws -> WorkerJudgement {
        // Not on the connection for tries: while there are no workers, it need not be.
        let results = try await reader.pipeline([
            PostgresStatement(WorkerSQL.expire, [dead]), PostgresStatement(WorkerSQL.lostClaims),
            PostgresStatement(WorkerSQL.living),
        ])
        return WorkerJudgement(
            lost: try results[1].map { row in
                WorkerJudgement.LostClaim(
                    attempt: try row.decode(0), worker: try WorkerSummary(row, from: 1).facts)
            },
            alive: try results[2].map { try WorkerSummary($0) })
    }

    package func resultWakeups() async -> AsyncStream<Void> {
        leaderWakeups.listen(to: "cryptoflow_result", bufferLimit: 1) { _ in () }
    }
}

extension WorkerID: PostgresValue {}

extension WorkerSummary {
    init(_ row: PostgresRow, from position: Int = 0) throws {
        var reader = RowReader(row, from: position)
        let id: WorkerID = try reader.next()
        let name: String = try reader.next()
        let host: String = try reader.next()
        let boot: String = try reader.next()
        let pid: Int32 = try reader.next()
        let ticks: Int64 = try reader.next()
        let facts = WorkerFacts(
            name: name,
            process: ProcessRecord(host: host, bootID: boot, pid: pid, startTicks: UInt64(bitPattern: ticks)),
            version: try reader.next(), queues: try reader.next(), concurrency: try reader.next())
        let state: String = try reader.next()
        self.init(
            id: id, facts: facts, state: WorkerState(rawValue: state) ?? .lost, running: try reader.next(),
            startedAt: try reader.next(), heartbeatAt: try reader.next(), endedAt: try reader.next())
    }
}
