import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import Timetables

/// Records as JSON values, with the names of Airflow's API.
///
/// Keys are stable: they may be added to, never renamed; a value that is not known is null.
struct RecordShapes {
    /// The zone that times are written in; nil for UTC, with a `Z`.
    let zone: TimeZoneRules?

    /// An instant as text; empty for none.
    func text(_ instant: Timestamp?) -> String {
        guard let instant else { return "" }
        return zone.map { instant.iso8601(in: $0) } ?? instant.iso8601
    }

    /// An instant as text without the fraction of its second, for tables.
    func shortText(_ instant: Timestamp?) -> String {
        text(instant.map { Timestamp(seconds: $0.seconds) })
    }

    private func time(_ instant: Timestamp?) -> JSONValue { instant.map { .string(text($0)) } ?? .null }

    private func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// From one instant to another in seconds.
    private func seconds(_ start: Timestamp?, _ end: Timestamp?) -> JSONValue {
        guard let start, let end else { return .null }
        return .double(Double((end - start).wholeMicroseconds) / 1_000_000)
    }

    func run(_ run: RunRecord) -> JSONValue {
        [
            "dag_id": .string(run.dag.rawValue), "run_id": .string(run.runID), "run_type": .string(run.type.rawValue),
            "state": .string(run.state.rawValue), "logical_date": time(run.logicalDate),
            "data_interval_start": time(run.interval?.start), "data_interval_end": time(run.interval?.end),
            "run_after": time(run.runAfter), "queued_at": time(run.queuedAt), "start_date": time(run.startDate),
            "end_date": time(run.endDate), "duration": seconds(run.startDate, run.endDate), "conf": run.conf,
            "triggered_by": .string(run.triggeredBy), "backfill_id": run.backfill.map { .int($0.rawValue) } ?? .null,
            "events_start": time(run.events?.start), "events_end": time(run.events?.end), "reason": string(run.reason),
        ]
    }

    func dag(_ dag: DAGSummary, now: Timestamp) -> JSONValue {
        let next = dag.nextDue(now: now)
        return [
            "dag_id": .string(dag.id.rawValue), "dag_display_name": .string(dag.displayName ?? dag.id.rawValue),
            "description": string(dag.summary), "is_paused": .bool(dag.isPaused), "is_stale": .bool(!dag.isActive),
            "timetable_summary": .string(dag.timetable.description),
            "timetable_description": string(dag.timetable.phrase),
            "catchup": .bool(dag.catchup), "tags": .array(dag.tags.map { .string($0) }), "owner": string(dag.owner),
            "relative_fileloc": .string(dag.file), "version": .string(dag.version.rawValue),
            "version_number": .int(Int64(dag.versionNumber)), "task_count": .int(Int64(dag.taskCount)),
            "active_runs": .int(Int64(dag.activeRuns)), "next_dagrun_logical_date": time(next?.logicalDate),
            "next_dagrun_data_interval_start": time(next?.interval.start),
            "next_dagrun_data_interval_end": time(next?.interval.end), "next_dagrun_run_after": time(next?.due),
            "last_run": dag.lastRuns.first.map { run($0) } ?? .null,
        ]
    }

    func task(_ task: TaskSpec, of dag: DAG) -> JSONValue {
        let downstream = dag.tasks.filter { $0.upstream.contains(task.id) }
        return [
            "task_id": .string(task.id.rawValue), "operator_name": .string(task.operatorName),
            "upstream_task_ids": .array(task.upstream.map { .string($0.rawValue) }),
            "downstream_task_ids": .array(downstream.map { .string($0.id.rawValue) }),
            "trigger_rule": .string(task.triggerRule.rawValue), "retries": .int(Int64(task.retries)),
            "retry_delay": .double(Double(task.retryDelay.wholeMicroseconds) / 1_000_000), "pool": .string(task.pool),
            "pool_slots": .int(Int64(task.poolSlots)), "priority_weight": .int(Int64(task.priorityWeight)),
            "execution_timeout": task.executionTimeout.map { .double(Double($0.wholeMicroseconds) / 1_000_000) }
                ?? .null,
            "outlets": .array(task.outlets.map { .string($0) }), "is_setup": .bool(task.isSetup),
            "is_teardown": .bool(task.isTeardown),
            "on_failure_fail_dagrun": .bool(task.isTeardown && !task.isIgnoredByRun),
        ]
    }

    func taskInstance(_ task: TaskStatus, of run: RunRecord, _ definition: DAG) -> JSONValue {
        let spec = definition.tasks.first { $0.id == task.instance.task }
        return [
            "dag_id": .string(run.dag.rawValue), "run_id": .string(run.runID),
            "task_id": .string(task.instance.task.rawValue), "map_index": .int(Int64(task.instance.mapIndex)),
            "rendered_map_index": string(task.mapName),
            "operator_name": string(spec?.operatorName), "state": .string(task.state.rawValue),
            "try_number": .int(Int64(task.tryNumber)), "max_tries": .int(Int64(task.maxTries)),
            "start_date": time(task.startDate), "end_date": time(task.endDate),
            "duration": seconds(task.startDate, task.endDate), "retry_at": time(task.retryAt),
            "reason": string(task.reason),
            "tries": .array(task.tries.map { attempt($0) }),
        ]
    }

    private func attempt(_ attempt: AttemptSummary) -> JSONValue {
        [
            "try_number": .int(Int64(attempt.tryNumber)), "state": .string(attempt.state.rawValue),
            "queued_at": time(attempt.queuedAt), "start_date": time(attempt.startedAt),
            "end_date": time(attempt.endedAt),
            "duration": seconds(attempt.startedAt, attempt.endedAt), "reason": string(attempt.reason),
            "exit_code": attempt.exitCode.map { .int(Int64($0)) } ?? .null, "pool": .string(attempt.pool),
            "attempt_id": .int(attempt.attempt.rawValue), "queue": string(attempt.queue),
            "worker": string(attempt.worker),
        ]
    }

    func deadline(_ deadline: Deadline) -> JSONValue {
        var members: [String: JSONValue] = [
            "reference": .string("\(deadline.reference)"),
            "interval": .double(Double(deadline.interval.wholeMicroseconds) / 1_000_000),
            "notifiers": .array(deadline.callbacks.map { .string($0.notifier) }),
        ]
        if case .averageRuntime(let maximum, let minimum) = deadline.reference {
            members["max_runs"] = .int(Int64(maximum))
            members["min_runs"] = .int(Int64(minimum))
        }
        return .object(members)
    }

    func deadline(_ deadline: RunDeadline) -> JSONValue {
        [
            "reference": .string(deadline.reference),
            "interval": .double(Double(deadline.interval.wholeMicroseconds) / 1_000_000),
            "deadline_time": time(deadline.at), "missed_at": time(deadline.missedAt),
            "average_runtime": deadline.average?.microseconds.map { .double(Double($0) / 1_000_000) } ?? .null,
            "averaged_runs": deadline.average.map { .int(Int64($0.runs)) } ?? .null,
        ]
    }

    /// A deadline by the average runtime that a run does not have.
    func missingAverage(_ missing: MissingAverage) -> JSONValue {
        [
            "reference": "average_runtime", "averaged_runs": .int(Int64(missing.runs)),
            "min_runs": .int(Int64(missing.needed)), "reason": .string(missing.text),
        ]
    }

    func notification(_ notice: NotificationRecord) -> JSONValue {
        [
            "id": .int(notice.id.rawValue), "event": .string(notice.callback.event.rawValue),
            "notifier": .string(notice.callback.notifier), "task_id": string(notice.task?.task.rawValue),
            "map_index": notice.task.map { .int(Int64($0.mapIndex)) } ?? .null,
            "try_number": notice.task == nil ? .null : .int(Int64(notice.tryNumber)),
            "is_of_dag": .bool(notice.isOfDAG),
            "state": .string(notice.state.rawValue), "deliveries": .int(Int64(notice.deliveries)),
            "created_at": time(notice.createdAt), "next_at": time(notice.nextAt), "ended_at": time(notice.endedAt),
            "last_error": string(notice.lastError), "reason": string(notice.reason), "deadline": time(notice.deadline),
        ]
    }

    func backfill(_ backfill: BackfillRecord) -> JSONValue {
        [
            "id": .int(backfill.id.rawValue), "dag_id": .string(backfill.dag.rawValue),
            "from_date": time(backfill.from),
            "to_date": time(backfill.to), "state": .string(backfill.state.rawValue),
            "is_paused": .bool(backfill.state == .paused), "reprocess_behavior": .string(backfill.reprocess.rawValue),
            "run_backwards": .bool(backfill.backwards),
            "max_active_runs": .int(Int64(backfill.maxActive)), "dag_run_conf": backfill.conf,
            "total": .int(Int64(backfill.total)), "created": .int(Int64(backfill.created)),
            "skipped": .int(Int64(backfill.skipped)), "created_at": time(backfill.createdAt),
            "completed_at": time(backfill.endedAt), "triggered_by": .string(backfill.triggeredBy),
        ]
    }

    func note(_ note: Note) -> JSONValue {
        [
            "task_id": string(note.task?.rawValue), "map_index": .int(Int64(note.mapIndex)),
            "content": .string(note.text), "author": .string(note.author), "written_at": time(note.writtenAt),
        ]
    }

    func due(_ due: DueInstant) -> JSONValue {
        [
            "run_after": time(due.due), "logical_date": time(due.logicalDate),
            "data_interval_start": time(due.interval.start), "data_interval_end": time(due.interval.end),
        ]
    }
}

extension TaskSpec {
    /// The operator as lists show it.
    var operatorName: String {
        switch body {
        case .uses(let name): name
        case .run: "run"
        }
    }
}
