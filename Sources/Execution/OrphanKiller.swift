import CLinux
import DAGModel
import Dispatch
import Glibc

/// Kills what attempts of a dead leader left running on this machine.
struct OrphanKiller: Sendable {
    /// The database's id, the first part of `CRYPTOFLOW_ATTEMPT`.
    let instance: String
    /// How long the killed may take to vanish.
    var patience: Duration = .seconds(10)

    /// Returns once no process of the attempts is left.
    ///
    /// Throws ``OrphanError`` when some cannot be killed.
    func makeDead(_ attempts: [OrphanedAttempt]) async throws {
        guard !attempts.isEmpty else { return }
        let outcome: Result<Void, OrphanError> = await withCheckedContinuation { continuation in
            ChildReaper.cleaning.async {
                do throws(OrphanError) {
                    try killAll(attempts)
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try outcome.get()
    }

    private func killAll(_ attempts: [OrphanedAttempt]) throws(OrphanError) {
        let prefix = ChildProcess.attemptVariable + "="
        let markers = attempts.map {
            [UInt8]((prefix + ProcessLauncher.marker(instance: instance, attempt: $0.attempt)).utf8)
        }
        // A record of another start of the machine, or of another machine, names no process here.
        let records = attempts.compactMap(\.process).filter {
            $0.bootID == ProcessTable.bootID && $0.host == ProcessTable.hostName && $0.startTicks > 0
        }
        let clock = ContinuousClock()
        let end = clock.now + patience
        var sessions: Set<Int32> = []
        while true {
            let table = ProcessTable.all()
            // A session's number is trusted only while the recorded leader itself is seen: alive or unreaped.
            for record in records
            where table.contains(where: { $0.pid == record.pid && $0.startTicks == record.startTicks }) {
                sessions.insert(record.pid)
            }
            let own = getpid()
            let left = table.filter { entry in
                guard !entry.isZombie, entry.pid != own else { return false }
                if records.contains(where: { $0.pid == entry.pid && $0.startTicks == entry.startTicks }) { return true }
                if sessions.contains(entry.session) { return true }
                return markers.contains { ProcessTable.environment(of: entry.pid, contains: $0) }
            }
            if left.isEmpty { return }
            if clock.now >= end {
                throw OrphanError(processes: left.map(\.pid), patience: patience)
            }
            for entry in left { ChildProcess.signal(entry, SIGKILL) }
            ProcessWaiter.wait(for: left, milliseconds: 500)
        }
    }
}

/// Processes of an earlier leader's attempts that do not die.
package struct OrphanError: Error, CustomStringConvertible {
    /// Their numbers.
    package let processes: [Int32]
    let patience: Duration

    package var description: String {
        let numbers = processes.map(String.init).joined(separator: ", ")
        return "processes of earlier attempts could not be killed within \(patience): \(numbers); "
            + "end them by hand (or restart the machine), then start again"
    }
}
