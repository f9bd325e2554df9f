import CivilTime
import DAGModel
import RunStore
import SchedulerCore

extension Leader {
    /// Takes commands read from the store.
    func take(_ commands: [StoredCommand]) {
        for command in commands {
            switch command {
            case .readable(let pending):
                guard takenCommands.insert(pending.id).inserted else { continue }
                queue.ask(.command(pending))
            case .unreadable(let id, let problem):
                guard takenCommands.insert(id).inserted else { continue }
                queue.record([.finishCommand(id, .refused("this scheduler cannot read the command: \(problem)"))])
            }
        }
        kick()
    }

    /// Asks the store, waiting for it as long as it takes, and hands the answer to the core.
    func answer(_ lookup: Lookup) async {
        var backoff = Backoff()
        while failure == nil {
            do {
                let event = try await ask(lookup)
                if case .runsExpired(let runs, nil) = event { expiredCount = runs.count }
                let now = Timestamp.now()
                queue.answer(event, now: now)
                return goOn(at: now)
            } catch let error where store.isTransient(error) {
                if isStopping { return fail(error) }
                await backoff.wait()
            } catch {
                return fail(error)
            }
        }
    }

    private func ask(_ lookup: Lookup) async throws -> SchedulerEvent {
        switch lookup {
        case .runs(let backfill, let dag, let dates):
            return .runsFound(backfill, dates: dates, runs: try await store.findRuns(dag: dag, dates: dates))
        case .previous(let run, let dag, let date):
            return .previousFound(run, try await store.previousRun(dag: dag, before: date))
        case .runtimes(let run, let dag, let date, let limit):
            return .runtimesFound(run, try await store.runtimes(of: dag, endedBy: date, limit: limit))
        case .expired(let rule, let limit):
            return .runsExpired(try await store.expiredRuns(rule, limit: limit), asked: nil)
        case .command(let pending) where pending.command.subject != nil:
            guard let subject = pending.command.subject else { return .wake }
            return .commandOnRuns(
                pending,
                try await store.runsToChange(
                    dag: subject.dag, runID: subject.runID, past: subject.past, future: subject.future))
        case .command(let pending):
            if case .prune(let rule, let limit) = pending.command {
                return .runsExpired(try await store.expiredRuns(rule, limit: min(limit, 500)), asked: pending)
            }
            return .command(pending, conflicts: try await conflicts(of: pending.command))
        }
    }

    private func conflicts(of command: Command) async throws -> [RunRecord] {
        guard case .trigger(let dag, let runID, let date, _, _) = command else { return [] }
        var found: [RunRecord] = []
        if let runID, let run = try await store.findRun(dag: dag, runID: runID) { found.append(run.run) }
        if let date { found += try await store.findRuns(dag: dag, dates: [date]).map(\.run) }
        return found
    }
}
