import CivilTime
import DAGModel
import Execution
import PostgresClient
import SchedulerCore

/// Reads the columns of a row one after the other.
struct RowReader {
    let row: PostgresRow
    private var position: Int

    /// Begins at a column, from 0.
    init(_ row: PostgresRow, from position: Int = 0) {
        self.row = row
        self.position = position
    }

    mutating func next<Value: PostgresValue>(_ type: Value.Type = Value.self) throws -> Value {
        defer { position += 1 }
        return try row.decode(position, as: type)
    }

    /// Two columns: both ends, or neither.
    mutating func interval() throws -> DataInterval? {
        let start: Timestamp? = try next()
        let end: Timestamp? = try next()
        guard let start, let end else { return nil }
        return DataInterval(start: start, end: end)
    }

    mutating func instance() throws -> TaskInstanceKey {
        TaskInstanceKey(run: try next(), task: try next(), mapIndex: try next())
    }

    /// Four columns; nil when no process was recorded.
    mutating func process() throws -> ProcessRecord? {
        let host: String? = try next()
        let boot: String? = try next()
        let pid: Int32? = try next()
        let ticks: Int64? = try next()
        guard let host, let boot, let pid, let ticks else { return nil }
        return ProcessRecord(host: host, bootID: boot, pid: pid, startTicks: UInt64(bitPattern: ticks))
    }
}

/// The columns of each kind of row, in the order in which its reader takes them.
enum Columns {
    static func run(_ table: String) -> String {
        [
            "run_key", "dag_id", "run_id", "run_type", "state", "logical_date", "data_interval_start",
            "data_interval_end", "run_after", "queued_at", "start_date", "end_date", "version", "conf::text",
            "backfill",
            "events_start", "events_end", "triggered_by", "reason", "missed_deadlines::text",
            "average_runtimes::text",
        ].map { "\(table).\($0)" }.joined(separator: ", ")
    }

    static let task =
        "run_key, task_id, map_index, state, try_number, max_tries, lost_count, start_date, end_date, retry_at, reason"
    /// With what is written apart from the rest.
    static let storedTask = task + ", rendered_map_index"
    static let liveAttempt =
        "attempt, run_key, task_id, map_index, try_number, max_tries, queued_at, started_at, pool, pool_slots, queue"
    static let process = "host, boot_id, pid, start_ticks"
    static let backfill = """
        id, dag_id, from_date, to_date, reprocess, max_active, conf::text, state, cursor_date, total, created, skipped, \
        created_at, ended_at, triggered_by, backwards
        """
    static let due = "dag_id, first_due, last_due, instants, fate"
}

extension RunRecord {
    init(_ reader: inout RowReader) throws {
        let key: RunKey = try reader.next()
        self.init(
            key: key, dag: try reader.next(), runID: try reader.next(), type: try reader.next(),
            state: try reader.next(), logicalDate: try reader.next(), interval: try reader.interval(),
            runAfter: try reader.next(), queuedAt: try reader.next(), startDate: try reader.next(),
            endDate: try reader.next(), version: try reader.next(),
            conf: try StoredText.json(try reader.next(), of: "the conf of run \(key)"), backfill: try reader.next(),
            events: try reader.interval(), triggeredBy: try reader.next(), reason: try reader.next(),
            missedDeadlines: try Self.list(try reader.next(), "the missed deadlines", of: key),
            averageRuntimes: try Self.list(try reader.next(), "the average runtimes", of: key))
    }

    private static func list<Element: Decodable>(
        _ text: String?, _ what: String, of key: RunKey
    ) throws -> [Element] {
        guard let text else { return [] }
        return try StoredText.decode(text, as: "\(what) of run \(key)")
    }

    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        try self.init(&reader)
    }
}

extension TaskInstanceRecord {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        self.init(
            instance: try reader.instance(), state: try reader.next(), tryNumber: try reader.next(),
            maxTries: try reader.next(), lostCount: try reader.next(), startDate: try reader.next(),
            endDate: try reader.next(), retryAt: try reader.next(), reason: try reader.next(),
            mapName: try reader.next())
    }
}

extension AttemptStart {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        self.init(
            attempt: try reader.next(), instance: try reader.instance(), tryNumber: try reader.next(),
            maxTries: try reader.next(), queuedAt: try reader.next(), startedAt: try reader.next(),
            pool: try reader.next(), poolSlots: try reader.next(), queue: try reader.next())
    }
}

extension BackfillRecord {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        let id: BackfillID = try reader.next()
        var record = BackfillRecord(
            id: id, dag: try reader.next(), from: try reader.next(), to: try reader.next(),
            reprocess: try reader.next(), maxActive: try reader.next(),
            conf: try StoredText.json(try reader.next(), of: "the conf of backfill \(id)"), state: try reader.next(),
            cursor: try reader.next(), total: try reader.next(), created: try reader.next(),
            skipped: try reader.next(), createdAt: try reader.next(), endedAt: try reader.next(),
            triggeredBy: try reader.next())
        record.backwards = try reader.next()
        self = record
    }
}

extension AssetEventRecord {
    init(_ reader: inout RowReader) throws {
        let id: Int64 = try reader.next()
        self.init(
            id: id, asset: try reader.next(), sourceDAG: try reader.next(), source: try reader.instance(),
            at: try reader.next(), interval: try reader.interval(),
            extra: try StoredText.json(try reader.next(), of: "asset event \(id)"))
    }
}

extension DueRecord {
    init(_ row: PostgresRow) throws {
        var reader = RowReader(row)
        self.init(
            dag: try reader.next(), first: try reader.next(), last: try reader.next(), count: try reader.next(),
            fate: try reader.next())
    }
}
