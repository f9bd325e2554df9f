import DAGModel
import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Working directories of tasks", .timeLimit(.minutes(1)))
struct ScratchDirectoryTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private var directories: ScratchDirectories { ScratchDirectories(environment: ["TMPDIR": scratch.path]) }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test("they are empty, for their owner alone, and lie where TMPDIR says, or else in /tmp")
    func place() throws {
        let directories = directories
        let directory = try directories.take()
        #expect(directory.path.hasPrefix("\(scratch.path)/cryptoflow-task-"))
        var facts = stat()
        #expect(stat(directory.path, &facts) == 0 && facts.st_mode == S_IFDIR | 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        directories.giveBack(directory, isLeft: false)
        #expect(!exists(directory.path))
        for value in ["", "relative", "/nowhere/at/all"] {
            let others = ScratchDirectories(environment: ["TMPDIR": value])
            let other = try others.take()
            #expect(other.path.hasPrefix("/tmp/cryptoflow-task-"))
            others.giveBack(other, isLeft: false)
        }
    }

    @Test("one that nobody touched or can still be in is handed on under another name; two at once are two")
    func handedOn() throws {
        let directories = directories
        let first = try directories.take()
        let second = try directories.take()
        #expect(first.made.number != second.made.number)
        directories.giveBack(first, isLeft: true)
        let third = try directories.take()
        #expect(third.made.number == first.made.number)
        #expect(third.path != first.path && third.path.hasPrefix("\(scratch.path)/cryptoflow-task-"))
        #expect(!exists(first.path))
        directories.giveBack(third, isLeft: false)
        directories.giveBack(second, isLeft: false)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test(
        "one that was touched is removed with what is in it",
        arguments: [
            "touch file", "mkdir -p a/b", "chmod 0755 .", "touch file; rm file", "mkdir a; touch .hidden; chmod 0 a",
        ])
    func touched(how: String) async throws {
        let directories = directories
        let directory = try directories.take()
        // A change is seen from the kernel's next tick on.
        let probe = "\(scratch.path)/probe"
        repeat {
            #expect(rmdir(probe) == 0 || errno == ENOENT)
            #expect(mkdir(probe, 0o700) == 0)
        } while ScratchDirectories.Facts(probe)?.changedNanoseconds == directory.made.changedNanoseconds
        let child = try await ChildProcess.spawn(
            ChildCommand(
                executable: "/bin/sh", arguments: ["-c", how], environment: ["PATH": "/usr/bin:/bin"],
                workingDirectory: directory.path, outputPath: "\(scratch.path)/out"))
        #expect(await child.wait() == .code(0))
        directories.giveBack(directory, isLeft: true)
        #expect(!exists(directory.path))
    }

    @Test("one that vanished meanwhile, or was replaced, is not handed on")
    func vanished() throws {
        let directories = directories
        let first = try directories.take()
        directories.giveBack(first, isLeft: true)
        #expect(rmdir(first.path) == 0)
        let second = try directories.take()
        directories.giveBack(second, isLeft: true)
        #expect(rmdir(second.path) == 0 && symlink("/etc", second.path) == 0)
        let third = try directories.take()
        #expect(third.path != first.path && third.path != second.path)
        #expect(exists("/etc/passwd"))
        directories.giveBack(third, isLeft: true)
        try "x".write(toFile: "\(third.path)/late", atomically: false, encoding: .utf8)
        #expect(try directories.take().path != third.path)
        #expect(!exists(third.path))
    }

    @Test("those that are kept go with their keeper")
    func end() throws {
        var directories: ScratchDirectories? = self.directories
        let directory = try #require(try directories?.take())
        directories?.giveBack(directory, isLeft: true)
        #expect(exists(directory.path))
        directories = nil
        #expect(!exists(directory.path))
    }

    @Test("tasks hand theirs on")
    func launcher() async throws {
        let workshop = try Workshop(environment: ["TMPDIR": scratch.path])
        let executor = workshop.executor { context in
            let exit = try await context.processes.run(
                "/bin/sh", ["-c", "true"], workingDirectory: .scratch, in: context)
            return TaskResult(exitCode: exit.status)
        }
        // Processes that other tests leave behind keep it from being certain, for a while.
        while workshop.processes.scratches.spareCount == 0 {
            #expect(await executor.run(launch()).state == .success)
        }
    }

    @Test("a task gets none that a process of an earlier task may be in")
    func escaped() async throws {
        let workshop = try Workshop(environment: ["TMPDIR": scratch.path])
        let post = try Signpost(in: scratch)
        func run(_ script: String) async throws {
            let executor = workshop.executor { context in
                let exit = try await context.processes.run(
                    "/bin/sh", ["-c", script], workingDirectory: .scratch, in: context)
                guard exit == .code(0) else { throw TaskFailure(exit.summary, exitCode: exit.status) }
                return TaskResult(exitCode: 0)
            }
            #expect(await executor.run(launch()).state == .success)
        }
        let go = try Signpost(in: scratch, "go")
        let places = "\(scratch.path)/places"
        // Neither its session nor its environment tells whose it is.
        let escape = "env -i PATH=/usr/bin:/bin setsid sh -c 'echo $$ > \(post.path); exec sleep 1000'"
        let running = Task {
            try await run("pwd >> \(places); \(escape) < /dev/null > /dev/null 2>&1 & read line < \(go.path)")
        }
        let escaped = try #require(Int32(await post.line()))
        defer { kill(escaped, SIGKILL) }
        go.write("go")
        try await running.value
        #expect(isAlive(escaped))
        try await run("pwd >> \(places)")
        let directories = scratch.text("places").split(separator: "\n")
        #expect(directories.count == 2 && directories[0] != directories[1])
        #expect(!exists(String(directories[0])))
    }
}
