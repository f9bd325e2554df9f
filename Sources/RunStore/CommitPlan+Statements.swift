import CivilTime
import DAGModel
import Execution
import PostgresClient
import SchedulerCore
import Timetables

/// What a list of DAGs shows of a schedule.
struct StoredSchedule: Codable {
    let timetable: Timetable
    let bounds: ScheduleBounds
    let catchup: Bool
}

extension CommitPlan {
    /// The statements that write the plan, in the order in which they must run: a try that ends leaves its place before
    /// another takes it.
    ///
    /// Kinds without rows have none.
    func statements(epoch: Int64, number: Int64) throws -> [PostgresStatement] {
        var list = [PostgresStatement(CommitSQL.beginBatch, [epoch, number])]
        try appendDAGs(to: &list)
        try appendRuns(to: &list)
        appendAttempts(to: &list)
        appendTasks(to: &list)
        appendDue(to: &list)
        appendAssets(to: &list)
        appendBackfills(to: &list)
        try appendNotifications(to: &list)
        if !deletedRuns.isEmpty {
            for sql in CommitSQL.deleteRuns { list.append(PostgresStatement(sql, [deletedRuns])) }
        }
        if !outcomes.isEmpty {
            let rows = outcomes.sorted { $0.key < $1.key }
            let texts = try rows.map { try StoredText.encode($0.value) }
            list.append(PostgresStatement(CommitSQL.finishCommands, [rows.map(\.key), texts]))
            list.append(PostgresStatement(CommitSQL.notifyOutcome))
        }
        return list
    }

    private func appendDAGs(to list: inout [PostgresStatement]) throws {
        if dags.isEmpty { return }
        if !versions.isEmpty {
            list.append(
                PostgresStatement(
                    CommitSQL.insertVersions,
                    [
                        versions.map(\.dag.id), versions.map(\.version),
                        try versions.map { try StoredText.encode($0.dag) },
                        versions.map { StoredText.clean($0.sourceText) },
                    ]))
        }
        let effects = dags.sorted { $0.key < $1.key }
        let new = effects.filter { $0.value.insertedPaused != nil }
        if !new.isEmpty {
            let paused = new.map { ($0.value.insertedPaused ?? false) || $0.value.pauses }
            list.append(PostgresStatement(CommitSQL.insertDAGs, try values(of: new) + [paused]))
        }
        let changed = effects.filter { $0.value.insertedPaused == nil && $0.value.record != nil }
        if !changed.isEmpty { list.append(PostgresStatement(CommitSQL.updateDAGs, try values(of: changed))) }
        let removed = effects.filter { $0.value.record == nil && $0.value.isActive == false }.map(\.key)
        if !removed.isEmpty { list.append(PostgresStatement(CommitSQL.removeDAGs, [removed])) }
        let paused = effects.compactMap { id, effect in effect.pauseReason.map { (id, StoredText.clean($0)) } }
        if !paused.isEmpty {
            list.append(PostgresStatement(CommitSQL.pauseDAGs, [paused.map(\.0), paused.map(\.1)]))
        }
    }

    private func values(of effects: [(key: DAGID, value: DAGEffect)]) throws -> [any PostgresValue] {
        let records = effects.compactMap(\.value.record)
        let dags = records.map(\.dag)
        return [
            dags.map(\.id), records.map(\.version), dags.map { StoredText.clean($0.place.file) },
            effects.map { $0.value.isActive ?? true }, dags.map { StoredText.clean($0.displayName) },
            dags.map { StoredText.clean($0.summary) }, dags.map { StoredText.clean($0.owner) },
            dags.map { JSONValue.array($0.tags.map { .string(StoredText.clean($0)) }).jsonText },
            dags.map(\.tasks.count), dags.map(\.maxConsecutiveFailedRuns),
            try dags.map {
                try StoredText.encode(StoredSchedule(timetable: $0.timetable, bounds: $0.bounds, catchup: $0.catchup))
            },
        ]
    }

    private func appendRuns(to list: inout [PostgresStatement]) throws {
        var live: [RunKey] = []
        var over: [RunKey] = []
        if !newRuns.isEmpty {
            let runs = newRuns.values.sorted { $0.key < $1.key }
            live += runs.filter { !$0.state.isFinished }.map(\.key)
            list.append(
                PostgresStatement(
                    CommitSQL.insertRuns,
                    [
                        runs.map(\.key), runs.map(\.dag), runs.map { StoredText.clean($0.runID) }, runs.map(\.type),
                        runs.map(\.state), runs.map(\.logicalDate), runs.map(\.interval?.start),
                        runs.map(\.interval?.end), runs.map(\.runAfter), runs.map(\.queuedAt), runs.map(\.startDate),
                        runs.map(\.endDate), runs.map(\.version), runs.map(\.conf.jsonText), runs.map(\.backfill),
                        runs.map(\.events?.start), runs.map(\.events?.end),
                        runs.map { StoredText.clean($0.triggeredBy) },
                        runs.map { StoredText.clean($0.reason) }, try Self.texts(runs.map(\.missedDeadlines)),
                        try Self.texts(runs.map(\.averageRuntimes)),
                    ]))
        }
        if !changedRuns.isEmpty {
            let runs = changedRuns.values.sorted { $0.key < $1.key }
            for run in runs {
                if run.state.isFinished { over.append(run.key) } else { live.append(run.key) }
            }
            list.append(
                PostgresStatement(
                    CommitSQL.updateRuns,
                    [
                        runs.map(\.key), runs.map(\.state), runs.map(\.queuedAt), runs.map(\.startDate),
                        runs.map(\.endDate), runs.map(\.version), runs.map(\.conf.jsonText), runs.map(\.backfill),
                        runs.map { StoredText.clean($0.triggeredBy) }, runs.map { StoredText.clean($0.reason) },
                        try Self.texts(runs.map(\.missedDeadlines)), try Self.texts(runs.map(\.averageRuntimes)),
                    ]))
        }
        if !live.isEmpty { list.append(PostgresStatement(CommitSQL.addLiveRuns, [live])) }
        if !over.isEmpty { list.append(PostgresStatement(CommitSQL.dropLiveRuns, [over])) }
    }

    /// Lists that are empty in nearly all rows; null then.
    private static func texts(_ lists: [[some Encodable]]) throws -> [String?] {
        try lists.map { $0.isEmpty ? nil : try StoredText.encode($0) }
    }

    private func appendAttempts(to list: inout [PostgresStatement]) {
        let recorded = processes.filter { started[$0.key] == nil }.sorted { $0.key < $1.key }
        if !recorded.isEmpty {
            list.append(
                PostgresStatement(
                    CommitSQL.recordProcesses, [recorded.map(\.key)] + Self.columns(of: recorded.map(\.value))))
        }
        if !ended.isEmpty {
            let ends = ended.values.sorted { $0.attempt < $1.attempt }
            list.append(PostgresStatement(CommitSQL.endAttempts, [ends.map(\.attempt)] + Self.columns(of: ends)))
        }
        if !suspended.isEmpty {
            for sql in [CommitSQL.leaveQueue, CommitSQL.suspendAttempts] + CommitSQL.dropClaims {
                list.append(PostgresStatement(sql, [suspended]))
            }
        }
        appendEndsByWorkers(to: &list)
        if !passed.isEmpty {
            list.append(
                PostgresStatement(
                    CommitSQL.insertPassedAttempts,
                    Self.columns(of: passed.map(\.start)) + Self.columns(of: passed.map(\.process))
                        + Self.columns(of: passed.map(\.end))))
        }
        if !started.isEmpty {
            let starts = started.values.sorted { $0.attempt < $1.attempt }
            list.append(
                PostgresStatement(
                    CommitSQL.startAttempts,
                    Self.columns(of: starts) + Self.columns(of: starts.map { processes[$0.attempt] })))
        }
        if !handedOver.isEmpty {
            let starts = handedOver.values.sorted { $0.attempt < $1.attempt }
            list.append(
                PostgresStatement(CommitSQL.handOverAttempts, Self.columns(of: starts) + [starts.map(\.queue)]))
            list.append(PostgresStatement(CommitSQL.notifyQueues, [Set(starts.compactMap(\.queue)).sorted()]))
        }
    }

    private func appendEndsByWorkers(to list: inout [PostgresStatement]) {
        if endedByWorkers.isEmpty { return }
        let ends = endedByWorkers.values.sorted { $0.attempt < $1.attempt }
        let attempts = ends.map(\.attempt)
        list.append(PostgresStatement(CommitSQL.leaveQueue, [attempts]))
        list.append(
            PostgresStatement(
                CommitSQL.endAttemptsByWorkers,
                [attempts] + Self.columns(of: ends) + [ends.map(\.takenAt)]))
        for sql in CommitSQL.dropClaims { list.append(PostgresStatement(sql, [attempts])) }
    }

    private static func columns(of starts: [AttemptStart]) -> [any PostgresValue] {
        [
            starts.map(\.attempt), starts.map(\.instance.run), starts.map(\.instance.task),
            starts.map(\.instance.mapIndex), starts.map(\.tryNumber), starts.map(\.maxTries), starts.map(\.queuedAt),
            starts.map(\.startedAt), starts.map(\.pool), starts.map(\.poolSlots),
        ]
    }

    private static func columns(of processes: [ProcessRecord?]) -> [any PostgresValue] {
        [
            processes.map { $0?.host }, processes.map { $0?.bootID }, processes.map { $0?.pid },
            processes.map { $0.map { Int64(bitPattern: $0.startTicks) } },
        ]
    }

    /// Without the attempt's own number.
    private static func columns(of ends: [AttemptCompletion]) -> [any PostgresValue] {
        [
            ends.map(\.state), ends.map(\.endedAt), ends.map { StoredText.clean($0.reason) }, ends.map(\.exitCode),
        ]
    }

    private static func columns(of tasks: [TaskInstanceRecord]) -> [any PostgresValue] {
        [
            tasks.map(\.instance.run), tasks.map(\.instance.task), tasks.map(\.instance.mapIndex),
            tasks.map(\.state), tasks.map(\.tryNumber), tasks.map(\.maxTries), tasks.map(\.lostCount),
            tasks.map(\.startDate), tasks.map(\.endDate), tasks.map(\.retryAt),
            tasks.map { StoredText.clean($0.reason) },
        ]
    }

    private func appendTasks(to list: inout [PostgresStatement]) {
        if !newTasks.isEmpty {
            list.append(PostgresStatement(CommitSQL.insertTasks, Self.columns(of: Array(newTasks.values))))
        }
        if !tasks.isEmpty {
            list.append(PostgresStatement(CommitSQL.setTasks, Self.columns(of: Array(tasks.values))))
        }
        if !mapNames.isEmpty {
            let rows = Array(mapNames)
            list.append(
                PostgresStatement(
                    CommitSQL.nameInstances,
                    [
                        rows.map(\.key.run), rows.map(\.key.task), rows.map(\.key.mapIndex),
                        rows.map { StoredText.clean($0.value) },
                    ]))
        }
        if !droppedOutputs.isEmpty {
            let keys = Array(droppedOutputs)
            let values: [any PostgresValue] = [keys.map(\.run), keys.map(\.task), keys.map(\.mapIndex)]
            list.append(PostgresStatement(CommitSQL.dropOutputs, values))
            list.append(PostgresStatement(CommitSQL.dropMapLengths, values))
        }
        if !mapLengths.isEmpty {
            let rows = Array(mapLengths)
            list.append(
                PostgresStatement(
                    CommitSQL.setMapLengths,
                    [rows.map(\.key.run), rows.map(\.key.task), rows.map(\.key.mapIndex), rows.map(\.value)]))
        }
        if !outputs.isEmpty {
            let rows = Array(outputs)
            list.append(
                PostgresStatement(
                    CommitSQL.setOutputs,
                    [
                        rows.map(\.key.instance.run), rows.map(\.key.instance.task), rows.map(\.key.instance.mapIndex),
                        rows.map { StoredText.clean($0.key.key) }, rows.map(\.value.jsonText),
                    ]))
        }
    }

    private func appendDue(to list: inout [PostgresStatement]) {
        if due.isEmpty { return }
        let rows = Array(due.values)
        list.append(
            PostgresStatement(
                CommitSQL.account,
                [rows.map(\.dag), rows.map(\.first), rows.map(\.last), rows.map(\.count), rows.map(\.fate)]))
    }

    private func appendAssets(to list: inout [PostgresStatement]) {
        if !assetEvents.isEmpty {
            let rows = assetEvents
            let names = Set(rows.map(\.asset)).sorted().map { StoredText.clean($0) }
            list.append(PostgresStatement(CommitSQL.addAssets, [names]))
            list.append(
                PostgresStatement(
                    CommitSQL.insertAssetEvents,
                    [
                        rows.map(\.id), rows.map { StoredText.clean($0.asset) }, rows.map(\.sourceDAG),
                        rows.map(\.source.run), rows.map(\.source.task), rows.map(\.source.mapIndex), rows.map(\.at),
                        rows.map(\.interval?.start), rows.map(\.interval?.end), rows.map(\.extra.jsonText),
                    ]))
        }
        if !queuedEvents.isEmpty {
            let rows = Array(queuedEvents)
            list.append(PostgresStatement(CommitSQL.queueAssetEvents, [rows.map(\.dag), rows.map(\.event)]))
        }
        if !consumedEvents.isEmpty {
            let rows = Array(consumedEvents)
            list.append(
                PostgresStatement(
                    CommitSQL.consumeAssetEvents, [rows.map(\.key.dag), rows.map(\.key.event), rows.map(\.value)]))
        }
    }

    private func appendBackfills(to list: inout [PostgresStatement]) {
        if backfills.isEmpty { return }
        let rows = Array(backfills.values)
        list.append(
            PostgresStatement(
                CommitSQL.setBackfills,
                [
                    rows.map(\.id), rows.map(\.dag), rows.map(\.from), rows.map(\.to), rows.map(\.reprocess),
                    rows.map(\.maxActive), rows.map(\.conf.jsonText), rows.map(\.state), rows.map(\.cursor),
                    rows.map(\.total), rows.map(\.created), rows.map(\.skipped), rows.map(\.createdAt),
                    rows.map(\.endedAt), rows.map { StoredText.clean($0.triggeredBy) }, rows.map(\.backwards),
                ]))
    }
}
