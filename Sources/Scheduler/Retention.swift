import CivilTime
import Dispatch
import Execution
import Logging
import RunStore
import SchedulerCore

/// Lets go of what is kept too long, in small batches, while this process leads.
struct Retention: Sendable {
    let settings: RetentionSettings
    let logs: TaskLogDirectory?
    let logger: Logger
    /// Removing files takes a while, and nobody waits for it.
    private let queue = DispatchQueue(label: "cryptoflow.retention", qos: .utility)

    init(settings: RetentionSettings, logs: TaskLogDirectory?, logger: Logger) {
        self.settings = settings
        self.logs = logs
        self.logger = logger
    }

    /// The most log folders removed in one go.
    private static let logBatch = 1_000

    /// Returns only by throwing: the task is cancelled, or this epoch has ended.
    func run(_ leader: Leader, _ store: any RunStore) async throws {
        // Soon after a start, but not among what a start has to do.
        try await Task.sleep(for: settings.interval / 10)
        while true {
            try await forgetRuns(leader)
            try await forgetRecords(store)
            if let age = settings.logsFor { removeLogs(untouchedSince: Timestamp.now() - age) }
            try await Task.sleep(for: settings.interval)
        }
    }

    private func forgetRuns(_ leader: Leader) async throws {
        let rule = settings.rule(now: .now())
        guard rule.endedBefore != nil || rule.keptRuns != nil else { return }
        var total = 0
        while true {
            let count = await leader.forgetExpired(rule, limit: settings.batch)
            total += count
            if count < settings.batch { break }
            try await Task.sleep(for: settings.pause)
        }
        if total > 0 { logger.info("forgot old runs", metadata: ["runs": "\(total)"]) }
    }

    private func forgetRecords(_ store: any RunStore) async throws {
        guard let age = settings.runsFor else { return }
        do {
            while try await store.pruneRecords(before: Timestamp.now() - age, limit: 500) == 500 {
                try await Task.sleep(for: settings.pause)
            }
        } catch let error where store.isTransient(error) {
            logger.debug("old commands could not be removed", metadata: ["error": "\(error)"])
        }
    }

    func removeLogs(of runs: [ForgottenRun]) {
        guard let logs else { return }
        queue.async { for run in runs { logs.remove(dag: run.dag, runID: run.runID) } }
    }

    private func removeLogs(untouchedSince date: Timestamp) {
        guard let logs else { return }
        let logger = logger
        queue.async {
            let count = logs.removeRuns(untouchedSince: date, limit: Self.logBatch)
            if count > 0 { logger.info("removed old logs", metadata: ["runs": "\(count)"]) }
        }
    }
}

extension Leader {
    /// Forgets runs that the rule lets go, and returns how many there were.
    func forgetExpired(_ rule: RetentionRule, limit: Int) async -> Int {
        expiredCount = 0
        queue.ask(.expired(rule, limit: limit))
        kick()
        await settled()
        return failure == nil ? expiredCount : 0
    }
}
