package import DAGModel
import Glibc

extension ProcessRecord {
    /// This very process.
    package static var own: ProcessRecord {
        let pid = getpid()
        return ProcessRecord(
            host: ProcessTable.hostName, bootID: ProcessTable.bootID, pid: pid,
            startTicks: ProcessTable.entry(pid)?.startTicks ?? 0)
    }

    /// Whether the process is certainly gone: one of this machine whose number is free or taken by another one, or one from
    /// before this start of the machine.
    ///
    /// Never true for another machine's.
    package var isCertainlyGone: Bool {
        guard host == ProcessTable.hostName else { return false }
        guard bootID == ProcessTable.bootID else { return true }
        guard let entry = ProcessTable.entry(pid), !entry.isZombie else { return true }
        return entry.startTicks != startTicks
    }
}

/// For programs that need no record of the processes they start: a guard of theirs ends them.
package struct NoProcessRecorder: ProcessRecorder {
    package init() {}

    package func spawned(_ process: ProcessRecord, for attempt: AttemptID) {}
}
