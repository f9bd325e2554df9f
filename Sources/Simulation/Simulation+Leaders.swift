import CivilTime
import DAGModel
import RunStore
import SchedulerCore
import SeededRandom

extension Simulation {
    private static let holder = LeaseHolder(host: "simulated", pid: 1, bootID: "boot", startTicks: 1)

    /// Another leader starts from the tables.
    mutating func lead(provenDead: Int64? = nil) throws {
        let lease = history.acquireLease(
            holder: Self.holder, ttl: Self.leaseTTL, provenDead: provenDead, now: databaseNow)
        guard let lease else { throw violation("the lease of epoch \(history.epoch) does not end") }
        trace?.add(now, "epoch \(lease.epoch) leads")
        callbacks.crash()
        var snapshot = tables.snapshot()
        snapshot.pools = pools
        leader = SimulatedLeader(
            epoch: lease.epoch,
            core: SchedulerCore(configuration: configuration, epoch: lease.epoch, snapshot: snapshot, now: now),
            startsUntil: monotonic + Self.leaseTTL * 0.8)
        for orphan in tables.liveAttempts.values.filter({ $0.queue == nil }).map(\.attempt).sorted() {
            counts[.lost] += 1
            leader.queue.take(.attemptLost(orphan, reason: "the leader was killed"), now: now)
        }
        leader.queue.take(.paused(tables.dags.mapValues(\.isPaused)), now: now)
        leader.queue.take(.documents(loaded: documents, removed: []), now: now)
        for command in commands where tables.outcomes[command.id] == nil { leader.queue.ask(.command(command)) }
    }

    /// The leader is killed between any two of its steps, perhaps after a commit whose actions it never carried out.
    mutating func crash() throws {
        counts[.crashes] += 1
        let commits = generator.chance(50) ? Int.random(in: 0...3, using: &generator) : 0
        try commit(commits)
        // What it had sent arrives, all or some of it, or not.
        while !leader.sent.isEmpty, generator.chance(60) { try apply(leader.sent.removeFirst()) }
        trace?.add(now, "epoch \(leader.epoch) is killed")
        let pause = Int64.random(in: 0...7_200, using: &generator)
        elapsed += .seconds(pause)
        // Its host's next leader makes its processes dead first, so nothing of it runs.
        try lead(provenDead: leader.epoch)
    }

    /// The leader loses the database for a while; perhaps another takes over before it is back.
    mutating func cutOff() throws {
        guard stale == nil else { return }
        let old = leader
        let pause = Int64.random(in: 1...20, using: &generator)
        elapsed += .seconds(pause)
        // By its own clock it stops before its lease ends.
        if monotonic >= old.gate.end {
            counts[.interrupted] += old.executions.count
            old.leaseEnded()
        }
        old.collectEnded(at: elapsed)
        let isLeaseOver = history.currentLease(now: databaseNow)?.isAlive == false
        guard isLeaseOver, generator.chance(70) else {
            counts[.returns] += 1
            trace?.add(now, "epoch \(old.epoch) is back")
            renew()
            return
        }
        counts[.takeovers] += 1
        elapsed += Self.foreignGrace
        old.leaseEnded()
        stale = old
        trace?.add(now, "epoch \(old.epoch) is cut off")
        try lead()
    }

    /// A leader that does not know it was replaced goes on: it must start nothing and write nothing.
    mutating func staleActs() throws {
        guard let old = stale else { return }
        trace?.add(now, "epoch \(old.epoch) goes on, though it was replaced")
        for case .start(let start) in old.actions where start.queue == nil && old.gate.admits(start, at: monotonic) {
            throw violation("epoch \(old.epoch) starts \(start.instance) after epoch \(leader.epoch) took over")
        }
        old.actions = []
        if let report = old.reports.popLast() { old.queue.take(report, now: now) }
        old.queue.take(.wake, now: now)
        guard old.queue.hasDecisions || !old.sent.isEmpty else { return }
        let batch =
            old.sent.first
            ?? CommitBatch(
                epoch: old.epoch, number: old.batchNumber + 1,
                changes: old.queue.nextBatch(limit: batchLimit, now: now),
                processes: [:])
        do {
            _ = try history.commit(batch, now: databaseNow)
        } catch RunStoreError.fenced {
            counts[.fences] += 1
            stale = nil
            return
        } catch is MemoryTables.Violation {
            // Said below: it should not have come so far.
        }
        throw violation("epoch \(old.epoch) writes after epoch \(leader.epoch) took over")
    }

    // MARK: Commits and actions

    mutating func commit(_ limit: Int) throws {
        for _ in 0..<limit {
            // As the real leader does: one thing at a time, and an answer is on its way for a while.
            if let answer = leader.answer {
                leader.answer = nil
                leader.queue.answer(answer, now: now)
            } else if leader.queue.hasDecisions, leader.sent.count < (generator.chance(40) ? 2 : 1) {
                send()
            } else if !leader.sent.isEmpty {
                try answerNext()
            } else if let lookup = leader.queue.question {
                leader.answer = answer(lookup)
            } else {
                return
            }
        }
    }

    private func isTeardown(_ instance: TaskInstanceKey) -> Bool {
        let dag = tables.runs[instance.run].flatMap { tables.versions[$0.version] }
        return dag?.tasks.first { $0.id == instance.task }?.isTeardown ?? false
    }

    /// Until every decision is durable and every question answered.
    mutating func settle() throws {
        while !leader.queue.isSettled { try commit(1) }
        try act(.max)
    }

    /// A batch is on its way to the store, perhaps behind another.
    private mutating func send() {
        if !leader.sent.isEmpty { counts[.sentAhead] += 1 }
        let changes = leader.queue.nextBatch(limit: batchLimit, now: now)
        leader.batchNumber += 1
        leader.sent.append(
            CommitBatch(epoch: leader.epoch, number: leader.batchNumber, changes: changes, processes: [:]))
    }

    /// The store applies the oldest batch under way, and its answer arrives.
    private mutating func answerNext() throws {
        if leader.sent.count > 1, generator.chance(10) { try overtake() }
        let batch = leader.sent.removeFirst()
        try apply(batch)
        if generator.chance(5) {
            // The answer is lost, so the leader sends the batch again.
            counts[.lostAnswers] += 1
            do {
                _ = try history.commit(batch, now: databaseNow)
            } catch let broken as MemoryTables.Violation {
                throw violation("a batch that is sent again is written again: \(broken)")
            }
        }
        leader.actions += leader.queue.committed()
        if generator.chance(90) { try act(.max) }
    }

    /// The later of two batches reaches the store first: it must be refused, or the earlier one would be taken for applied.
    private mutating func overtake() throws {
        do {
            _ = try history.commit(leader.sent[1], now: databaseNow)
        } catch RunStoreError.early {
            counts[.early] += 1
            return
        } catch is MemoryTables.Violation {
            // Said below: it should not have come so far.
        }
        throw violation("batch \(leader.sent[1].number) is written before the one before it")
    }

    private mutating func apply(_ batch: CommitBatch) throws {
        let changes = batch.changes
        counts[.averages] += try AverageRules(seed: seed).check(changes, before: tables)
        for case .deleteRun(let key) in changes {
            guard let run = tables.runs[key], let date = run.logicalDate else { continue }
            deletedDates[run.dag, default: []].insert(date)
        }
        do {
            let rules = CommitRules(
                seed: seed, parallelism: configuration.parallelism, pools: pools, changedByHand: changedByHand)
            _ = try history.commit(batch, now: databaseNow) { try rules.check($0, after: $1) }
        } catch let broken as MemoryTables.Violation {
            throw violation(broken.description)
        }
        counts[.commits] += 1
        trace?.add(now, "commit \(changes.map(Self.brief))")
        for case .pauseDAG in changes { counts[.autoPauses] += 1 }
        for case .startAttempt(let start) in changes where isTeardown(start.instance) { counts[.tornDown] += 1 }
        try handOver(changes)
    }

    /// A change for the trace: documents by name, since the text of a dictionary in them is not the same each time.
    private static func brief(_ change: Change) -> String {
        switch change {
        case .insertDAG(let record, let isPaused): "insertDAG(\(record.dag.id), paused: \(isPaused))"
        case .updateDAG(let record): "updateDAG(\(record.dag.id), \(record.version))"
        default: "\(change)"
        }
    }

    /// Carries out committed actions.
    mutating func act(_ limit: Int) throws {
        for _ in 0..<min(limit, leader.actions.count) {
            switch leader.actions.removeFirst() {
            case .start(let start) where start.queue != nil: break
            case .start(let start): if leader.gate.admits(start, at: monotonic) { try execute(start) }
            case .stop(let attempt, let reason): stop(attempt, reason)
            case .notify(let notification):
                if notification.deadline != nil, notification.deliveries == 0 { counts[.missedDeadlines] += 1 }
                if !callbacks.begin(notification) { counts[.redelivered] += 1 }
            case .findRuns, .findPrevious, .findRuntimes, .removeLogs: break
            }
        }
    }

    private mutating func stop(_ attempt: AttemptID, _ reason: String) {
        let end = SchedulerEvent.attemptEnded(
            AttemptEnd(attempt: attempt, state: .failed, reason: reason, isRetryable: false))
        if leader.gate.withdraw(attempt) {
            leader.reports.append(end)
        } else if !leader.stop(attempt, end) {
            _ = stopAtWorker(attempt, end)
        }
    }

    private mutating func execute(_ start: AttemptStart) throws {
        guard tables.liveAttempts[start.attempt] == start else {
            throw violation("\(start.instance) is started before its start is durable")
        }
        let running = leader.executions + (stale?.executions ?? [])
        guard !running.contains(where: { $0.start.instance == start.instance }) else {
            throw violation("\(start.instance) runs twice at once")
        }
        countStart(start)
        let duration = Duration.seconds(Int64.random(in: 0...900, using: &generator))
        leader.executions.append(
            SimulatedLeader.Execution(start: start, endsAt: elapsed + duration, end: outcome(of: start)))
    }

    mutating func countStart(_ start: AttemptStart) {
        counts[.attempts] += 1
        if start.instance.mapIndex >= 0 { counts[.mapped] += 1 }
        if start.tryNumber > 1 { counts[.retries] += 1 }
        trace?.add(now, "start \(start.instance), try \(start.tryNumber)")
    }

    private mutating func answer(_ lookup: Lookup) -> SchedulerEvent {
        switch lookup {
        case .runs(let backfill, let dag, let dates):
            return .runsFound(backfill, dates: dates, runs: tables.findRuns(dag: dag, dates: dates))
        case .previous(let run, let dag, let date):
            return .previousFound(run, tables.previousRun(dag: dag, before: date))
        case .runtimes(let run, let dag, let date, let limit):
            return .runtimesFound(run, tables.runtimes(of: dag, endedBy: date, limit: limit))
        case .expired(let rule, let limit):
            return .runsExpired(tables.expiredRuns(rule, limit: limit), asked: nil)
        case .command(let pending):
            if case .prune(let rule, let limit) = pending.command {
                return .runsExpired(tables.expiredRuns(rule, limit: limit), asked: pending)
            }
            if let subject = pending.command.subject {
                let runs = tables.runsToChange(
                    dag: subject.dag, runID: subject.runID, past: subject.past, future: subject.future)
                changedByHand.formUnion(runs.map(\.stored.run.key))
                return .commandOnRuns(pending, runs)
            }
            guard case .trigger(let dag, _, let date?, _, _) = pending.command else {
                return .command(pending, conflicts: [])
            }
            return .command(pending, conflicts: tables.findRuns(dag: dag, dates: [date]).map(\.run))
        }
    }

    /// Fixed by what the try is about, not by when it runs: so a disturbed history can be compared with an ideal one.
    ///
    /// A lost try has no outcome, so the number of real tries counts.
    mutating func outcome(of start: AttemptStart) -> AttemptEnd {
        let run = tables.runs[start.instance.run]
        let dag = run.flatMap { tables.versions[$0.version] }
        let task = dag?.tasks.first { $0.id == start.instance.task }
        let name = IdealOutcome.name(start.instance)
        let about = (dag: run?.dag.rawValue ?? "", run: run?.runID ?? "")
        if task?.body == .uses("sensor"), generator.chance(60) {
            counts[.deferrals] += 1
            let wait = Duration.seconds(Int64.random(in: 1...700, using: &generator))
            return AttemptEnd(
                attempt: start.attempt, state: .running, reason: "waits",
                deferral: Deferral(until: now + wait, isPoll: generator.chance(50)))
        }
        let state = IdealOutcome.state(
            dag: about.dag, run: about.run, task: name, realTry: start.tryNumber - lostCount(start.instance))
        let code: Int32? =
            state == .failed ? (IdealOutcome.isFatal(dag: about.dag, run: about.run, task: name) ? 7 : 1) : nil
        if code == 7, task?.retryNotOn != nil { counts[.notRetried] += 1 }
        let skips =
            state == .success ? dag.flatMap { IdealOutcome.skips(of: start.instance, run: about.run, in: $0) } : nil
        if skips != nil { counts[.cutOff] += 1 }
        let output: JSONValue? =
            state == .success ? IdealOutcome.output(dag: about.dag, run: about.run, task: name) : nil
        return AttemptEnd(
            attempt: start.attempt, state: state, reason: state == .success ? nil : "as decided", exitCode: code,
            output: output, skips: skips)
    }

    func lostCount(_ key: TaskInstanceKey) -> Int {
        tables.pastAttempts.values.count { $0.start.instance == key && $0.completion.state == .lost }
    }
}
