import CivilTime
import Lab
import PostgresClient
import PrivateCluster

/// Backfills one stretch of every DAG after the other, so that there is always something to do.
struct ChaosLoad {
    let programs: String
    let folder: String
    let url: String
    /// Runs of a stretch.
    let hours: Int
    /// The first hour of each DAG that no stretch has had.
    private var next: [String: Int] = [:]
    /// For how long no call of ``fill()`` may have succeeded.
    private let patience: Duration
    private var failingSince: ContinuousClock.Instant?

    init(programs: String, folder: String, url: String, hours: Int, patience: Duration = .seconds(300)) {
        self.programs = programs
        self.folder = folder
        self.url = url
        self.hours = hours
        self.patience = patience
    }

    /// Returns once every DAG has been given its first stretch.
    ///
    /// Just after the start they may not be known yet. Throws as ``fill()`` does.
    mutating func begin() async throws {
        while true {
            try await fill()
            if ChaosDAGs.names.allSatisfy({ next[$0] != nil }) { return }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Gives the next stretch to every DAG whose backfills have made all of their runs.
    ///
    /// A command that PostgreSQL's end cut off is repeated by the next call. Throws what the last one failed by when none has
    /// succeeded for too long.
    mutating func fill() async throws {
        do {
            let busy = try await busyDAGs()
            for dag in ChaosDAGs.names where !busy.contains(dag) { try await load(dag) }
            failingSince = nil
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let since = failingSince ?? .now
            failingSince = since
            if ContinuousClock.now - since >= patience { throw error }
        }
    }

    /// DAGs with a backfill whose runs are not all made, or one that is asked for.
    private func busyDAGs() async throws -> Set<String> {
        let connection = try await PostgresConnection.connect(PostgresSettings(url: url))
        do {
            let rows = try await connection.query(
                """
                SELECT dag_id FROM flow.backfill
                WHERE state NOT IN ('completed', 'cancelled') AND created + skipped < total
                UNION SELECT payload -> 'backfill' ->> 'dag' FROM flow.command WHERE finished_at IS NULL
                """)
            await connection.close()
            return Set(try rows.compactMap { try $0.decode(0, as: String?.self) })
        } catch {
            await connection.close()
            throw error
        }
    }

    private mutating func load(_ dag: String) async throws {
        let first = next[dag, default: 0]
        let from = ChaosDAGs.start + .seconds(3_600 * Int64(first))
        let to = from + .seconds(3_600 * Int64(hours - 1))
        let command = try Program.start(
            programs + "/cryptoflow",
            ["dag", "backfill", dag, "--from", from.iso8601, "--to", to.iso8601, "--database", url],
            environment: ChaosStage.environment(folder: folder, url: url), in: folder)
        let ending = await command.wait()
        guard ending == .exited(0) else {
            throw LabFailure("\(dag) is not backfilled, \(ending): \(command.output.suffix(2_000))")
        }
        next[dag] = first + hours
    }
}
