import CivilTime
import DAGModel
import PostgresClient
import SchedulerCore

// What callbacks tell people, as rows.

extension CommitSQL {
    private static let notificationNames = """
        id, dag_id, run_key, task_id, map_index, is_of_dag, try_number, max_tries, event, notifier, arguments, reason, \
        deadline, created_at, state, deliveries, next_at, ended_at, last_error
        """

    static let setNotifications = """
        INSERT INTO flow.notification (\(notificationNames))
        SELECT id, dag_id, run_key, task_id, map_index, is_of_dag, try_number, max_tries, event, notifier, arguments::json,
            reason, deadline, created_at, state, deliveries, next_at, ended_at, last_error
        FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::bool[], $7::int8[], $8::int8[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::text[],
            $16::int8[], $17::timestamptz[], $18::timestamptz[], $19::text[]) AS u(\(notificationNames))
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, deliveries = excluded.deliveries,
            next_at = excluded.next_at, ended_at = excluded.ended_at, last_error = excluded.last_error
        """
}

extension CommitPlan {
    func appendNotifications(to list: inout [PostgresStatement]) throws {
        if notifications.isEmpty { return }
        let rows = notifications.values.sorted { $0.id < $1.id }
        list.append(
            PostgresStatement(
                CommitSQL.setNotifications,
                [
                    rows.map(\.id), rows.map(\.dag), rows.map(\.run), rows.map(\.task?.task),
                    rows.map(\.task?.mapIndex), rows.map(\.isOfDAG), rows.map(\.tryNumber), rows.map(\.maxTries),
                    rows.map(\.callback.event), rows.map { StoredText.clean($0.callback.notifier) },
                    try rows.map { try StoredText.encode($0.callback.arguments) },
                    rows.map { StoredText.clean($0.reason) }, rows.map(\.deadline), rows.map(\.createdAt),
                    rows.map(\.state), rows.map(\.deliveries), rows.map(\.nextAt), rows.map(\.endedAt),
                    rows.map { StoredText.clean($0.lastError) },
                ]))
    }
}

extension Columns {
    /// Of a notification and its run, by the names of both tables in the query.
    static func notification(_ table: String, run: String) -> String {
        "\(run).run_id, "
            + [
                "id", "dag_id", "run_key", "task_id", "map_index", "is_of_dag", "try_number", "max_tries", "event",
                "notifier", "arguments::text", "reason", "deadline", "created_at", "state", "deliveries", "next_at",
                "ended_at", "last_error",
            ].map { "\(table).\($0)" }.joined(separator: ", ")
    }
}

extension NotificationRecord {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        let runID: String = try reader.next()
        let id: NotificationID = try reader.next()
        let dag: DAGID = try reader.next()
        let run: RunKey = try reader.next()
        let task: TaskID? = try reader.next()
        let mapIndex: Int? = try reader.next()
        let isOfDAG: Bool = try reader.next()
        let tryNumber: Int = try reader.next()
        let maxTries: Int = try reader.next()
        let event: CallbackEvent = try reader.next()
        let notifier: String = try reader.next()
        let arguments: [String: Argument] = try StoredText.decode(
            try reader.next(), as: "the arguments of notification \(id)")
        self.init(
            id: id, dag: dag, run: run, runID: runID,
            task: task.map { TaskInstanceKey(run: run, task: $0, mapIndex: mapIndex ?? -1) }, isOfDAG: isOfDAG,
            tryNumber: tryNumber, maxTries: maxTries,
            callback: Callback(event: event, notifier: notifier, arguments: arguments), reason: try reader.next(),
            deadline: try reader.next(), createdAt: try reader.next(), state: try reader.next(),
            deliveries: try reader.next(), nextAt: try reader.next(), endedAt: try reader.next(),
            lastError: try reader.next())
    }
}
