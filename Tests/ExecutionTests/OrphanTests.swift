import DAGModel
import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Orphaned attempts", .timeLimit(.minutes(1)))
struct OrphanTests {
    private let nobody = ProcessRecord(host: "elsewhere", bootID: "x", pid: 1, startTicks: 1)

    /// Starts a process that no `ChildProcess` watches, as a dead leader's would be, and returns its number.
    private func orphan(
        _ script: String, post: Signpost, marker: String?, in scratch: Scratch
    ) async throws -> ProcessRecord {
        // Its parent ends once it is up, and so it is really orphaned.
        let hold = try Signpost(in: scratch, "hold")
        let parent = "setsid sh -c \"$0\" & read line < \(hold.path)"
        let environment = marker.map { "\(ChildProcess.attemptVariable)=\($0)" } ?? "A=b"
        let command = ChildCommand(
            executable: "/usr/bin/env",
            arguments: [
                "-i", environment, "PATH=/usr/bin:/bin", "sh", "-c", parent, "exec 3>\(post.path); \(script)",
            ], environment: [:], outputPath: "\(scratch.path)/out")
        let child = try await ChildProcess.spawn(command)
        let pid = try #require(Int32(await post.line()))
        hold.write("go")
        #expect(await child.wait() == .code(0))
        let entry = try #require(ProcessTable.entry(pid))
        return ProcessRecord(
            host: ProcessTable.hostName, bootID: ProcessTable.bootID, pid: pid, startTicks: entry.startTicks)
    }

    @Test("a process is found by its environment alone, with all that inherited it")
    func byEnvironment() async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let instance = UUID().uuidString
        let record = try await orphan(
            "setsid sleep 1000 & echo $$ >&3; trap '' TERM; while :; do sleep 1000; done", post: post,
            marker: "\(instance)/5", in: scratch)
        #expect(isAlive(record.pid))
        let killer = OrphanKiller(instance: instance)
        // Another attempt, another instance: not its processes.
        try await killer.makeDead([OrphanedAttempt(attempt: AttemptID(rawValue: 55), process: nil)])
        try await OrphanKiller(instance: UUID().uuidString).makeDead([
            OrphanedAttempt(attempt: AttemptID(rawValue: 5), process: nobody)
        ])
        #expect(isAlive(record.pid))
        try await killer.makeDead([OrphanedAttempt(attempt: AttemptID(rawValue: 5), process: nil)])
        #expect(!isAlive(record.pid))
        await post.closed()
    }

    @Test("a process is found by its record, with its session, when its environment was cleared")
    func byRecord() async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let record = try await orphan(
            "sleep 1000 & echo $$ >&3; while :; do sleep 1000; done", post: post, marker: nil, in: scratch)
        let killer = OrphanKiller(instance: UUID().uuidString)
        // The same number, but another process: started at another time, or before the machine was restarted.
        let older = ProcessRecord(
            host: record.host, bootID: record.bootID, pid: record.pid, startTicks: record.startTicks - 1)
        let rebooted = ProcessRecord(
            host: record.host, bootID: "other", pid: record.pid, startTicks: record.startTicks)
        try await killer.makeDead([
            OrphanedAttempt(attempt: AttemptID(rawValue: 1), process: older),
            OrphanedAttempt(attempt: AttemptID(rawValue: 2), process: rebooted),
        ])
        #expect(isAlive(record.pid))
        try await killer.makeDead([OrphanedAttempt(attempt: AttemptID(rawValue: 3), process: record)])
        #expect(!isAlive(record.pid))
        await post.closed()
    }

    @Test("nothing to kill is no error")
    func nothing() async throws {
        let killer = OrphanKiller(instance: UUID().uuidString)
        try await killer.makeDead([])
        try await killer.makeDead([OrphanedAttempt(attempt: AttemptID(rawValue: 1), process: nobody)])
    }
}
