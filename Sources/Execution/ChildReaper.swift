import CLinux
import Dispatch
import Glibc
import Synchronization

/// Ends what children leave behind, and reports their ends: `ProcessThreads` learn of these through a pidfd each.
///
/// It never waits for "any child": PostgreSQL and other programs that the same process started keep their exit status
/// for those who started them. Orphans of our children come to us (this process is their subreaper) and are reaped; a
/// dead child that nobody has waited for after half a minute is taken for such an orphan.
package final class ChildReaper: Sendable {
    /// Makes this process the parent of orphaned descendants, which would else go to init.
    ///
    /// A program calls it at its start; the first spawn does it too.
    package static func adoptOrphans() { _ = shared }

    static let shared = ChildReaper()
    /// Slow work around the end of a child: scans of /proc, waits for those being killed.
    static let cleaning = DispatchQueue(label: "cryptoflow.reaper.cleaning", attributes: .concurrent)

    private static let sweepInterval = DispatchTimeInterval.seconds(15)
    /// How often the size of a running child's output is looked at.
    private static let outputCheckInterval = DispatchTimeInterval.seconds(1)
    /// How long killed processes get to vanish; one in uninterruptible sleep may need longer and is given up on.
    private static let killPatience: Duration = .seconds(10)

    private let children = Mutex<[Int32: Watched]>([:])
    private let isSubreaper: Bool
    private let checksOutputs = Atomic<Bool>(false)

    private struct Watched {
        let child: ChildProcess
        let threads: ProcessThreads
        let descriptor: Int32
    }

    private init() {
        isSubreaper = cryptoflow_become_subreaper() == 0
        sweepLater([])
    }

    /// Starts watching a child that was just spawned.
    func watch(_ child: ChildProcess, on threads: ProcessThreads) throws(ChildSpawnError) {
        let descriptor = cryptoflow_pidfd_open(child.pid)
        if descriptor >= 0 {
            children.withLock { $0[child.pid] = Watched(child: child, threads: threads, descriptor: descriptor) }
            if threads.watch(child.pid, descriptor) {
                if child.outputLimit != nil { checkOutputs() }
                return
            }
            children.withLock { $0[child.pid] = nil }
        }
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        child.killGroup()
        var code: Int32 = 0
        var status: Int32 = 0
        cryptoflow_wait(child.pid, WEXITED, &code, &status)
        throw ChildSpawnError(description: "cannot watch a started process: \(reason)", isRetryable: true)
    }

    /// Takes children that have ended.
    func ended(_ pids: [Int32]) {
        let ended = children.withLock { children in pids.compactMap { children[$0] } }
        guard !ended.isEmpty else { return }
        for watched in ended { take(watched) }
        // One listing serves all that ended together, and it comes after their groups were killed.
        conclude(ended)
    }

    /// Looks after the outputs every second, for as long as there are children whose output has a limit.
    private func checkOutputs() {
        guard !checksOutputs.exchange(true, ordering: .relaxed) else { return }
        Self.cleaning.asyncAfter(deadline: .now() + Self.outputCheckInterval) { [self] in
            checksOutputs.store(false, ordering: .relaxed)
            let limited = children.withLock { $0.values.map(\.child).filter { $0.outputLimit != nil } }
            guard !limited.isEmpty else { return }
            for child in limited { TaskLogLimit.enforce(on: child) }
            checkOutputs()
        }
    }

    /// Stops watching, and kills what is left of the group unless it has been given time to stop.
    private func take(_ watched: Watched) {
        watched.threads.forget(watched.descriptor)
        close(watched.descriptor)
        if watched.child.stopDeadline == nil { watched.child.killGroup() }
    }

    private func conclude(_ ended: [Watched]) {
        let strangers = strangers()
        for watched in ended {
            let child = watched.child
            let younger = strangers?.filter { $0.startTicks >= child.record.startTicks }
            // Where the kernel does not list our children, all of /proc is to be searched. So it is for a dead one, which
            // shows no environment: it may have started another since the list was read.
            let mayHaveLeftovers =
                child.stopDeadline != nil
                || younger.map { $0.contains { $0.isZombie || child.isDescendant($0) } } ?? true
            if mayHaveLeftovers {
                Self.cleaning.async { self.clean(child) }
            } else {
                report(child, leftNothing: younger?.isEmpty ?? false)
            }
        }
    }

    /// Our children that this reaper did not start: adopted orphans, and other parts' processes.
    ///
    /// Nil when /proc must be searched instead.
    private func strangers() -> [ProcessTable.Entry]? {
        guard isSubreaper, var listed = ProcessTable.adoptedChildren() else { return nil }
        // While one is looked at it may start another and end, and the kernel's list may skip one while others are reaped:
        // only what did not grow is believed.
        for _ in 0..<4 {
            let unknown = children.withLock { children in listed.filter { children[$0] == nil } }
            let entries = unknown.map { ProcessTable.entry($0) }
            guard let again = ProcessTable.adoptedChildren() else { return nil }
            if entries.allSatisfy({ $0 != nil }), again.allSatisfy(listed.contains) {
                return entries.compactMap(\.self)
            }
            listed = again
        }
        return nil
    }

    /// Reports the end of a child.
    ///
    /// Its number is forgotten before it is freed, for the next child may get it at once.
    ///
    /// - Parameter leftNothing: whether not even a process lives that got out of the child's session and lost its marker.
    private func report(_ child: ChildProcess, leftNothing: Bool = false) {
        children.withLock { $0[child.pid] = nil }
        let exit = child.reap()
        TaskLogLimit.enforce(on: child)
        child.finish(exit, leftNothing: leftNothing)
    }

    /// Ends what a child left running: at once, or after the grace of a stop.
    ///
    /// Then reports the child's end.
    private func clean(_ child: ChildProcess) {
        let clock = ContinuousClock()
        var giveUp: ContinuousClock.Instant?
        var members: Set<ProcessTable.Entry> = []
        while true {
            let left = child.descendants()
            members.formUnion(left)
            if left.isEmpty { break }
            let now = DispatchTime.now()
            if let deadline = child.stopDeadline, now < deadline {
                let nanoseconds = deadline.uptimeNanoseconds - now.uptimeNanoseconds
                ProcessWaiter.wait(for: left, milliseconds: Int32(clamping: nanoseconds / 1_000_000 + 1))
                continue
            }
            let end = giveUp ?? clock.now + Self.killPatience
            giveUp = end
            if clock.now >= end { break }
            for member in left { ChildProcess.signal(member, SIGKILL) }
            ProcessWaiter.wait(for: left, milliseconds: 1_000)
        }
        reapOrphans(of: child, members)
        report(child)
    }

    /// Reaps what became our child when its parent died: the members of the session, and those seen alive before (a dead
    /// process no longer shows its environment).
    private func reapOrphans(of child: ChildProcess, _ members: Set<ProcessTable.Entry>) {
        let own = getpid()
        let names = Set(members.map { [UInt64($0.pid), $0.startTicks] })
        for entry in ProcessTable.all()
        where entry.isZombie && entry.parent == own && entry.pid != child.pid
            && (entry.session == child.pid || names.contains([UInt64(entry.pid), entry.startTicks]))
        {
            var code: Int32 = 0
            var status: Int32 = 0
            cryptoflow_wait(entry.pid, WEXITED | WNOHANG, &code, &status)
        }
    }

    private func sweepLater(_ suspects: Set<ProcessTable.Entry>) {
        Self.cleaning.asyncAfter(deadline: .now() + Self.sweepInterval) { [self] in sweepLater(sweep(suspects)) }
    }

    /// Reaps the dead children of nobody: those that were already dead at the sweep before.
    ///
    /// Returns the others.
    private func sweep(_ suspects: Set<ProcessTable.Entry>) -> Set<ProcessTable.Entry> {
        var code: Int32 = 0
        var status: Int32 = 0
        // Nothing dead at all: the usual case, for one system call.
        guard cryptoflow_wait(0, WEXITED | WNOHANG | WNOWAIT, &code, &status) > 0 else { return [] }
        let own = getpid()
        let known = children.withLock { Set($0.keys) }
        var remaining: Set<ProcessTable.Entry> = []
        for entry in ProcessTable.all() where entry.isZombie && entry.parent == own && !known.contains(entry.pid) {
            if suspects.contains(entry) {
                cryptoflow_wait(entry.pid, WEXITED | WNOHANG, &code, &status)
            } else {
                remaining.insert(entry)
            }
        }
        return remaining
    }
}
