package import DAGModel
package import Execution
import PostgresClient

extension PostgresRunStore {
    package func workers() async throws -> [WorkerSummary] {
        try await reader.query(WorkerSQL.recent).map { try WorkerSummary($0) }
    }

    package func shippedLog(
        of instance: TaskInstanceKey, tryNumber: Int, from offset: Int64, limit: Int
    ) async throws -> TaskLogReader.Chunk? {
        let key: [any PostgresValue] = [instance.run, instance.task, instance.mapIndex, tryNumber]
        let ofTry = "run_key = $1 AND task_id = $2 AND map_index = $3 AND try_number = $4"
        let results = try await reader.pipeline([
            PostgresStatement(
                "SELECT start + octet_length(content) FROM flow.task_log WHERE \(ofTry) ORDER BY start DESC LIMIT 1",
                key),
            // Pieces are at most half a megabyte each, and few.
            PostgresStatement(
                """
                SELECT start, content FROM flow.task_log
                WHERE \(ofTry) AND start + octet_length(content) > $5 ORDER BY start LIMIT 8
                """, key + [offset]),
        ])
        guard let last = results[0].first else { return nil }
        let pieces = try results[1].map { row in
            TaskLogReader.Piece(start: try row.decode(0), content: try row.decode(1))
        }
        return TaskLogReader.chunk(of: pieces, from: offset, limit: limit, size: try last.decode(0))
    }
}
