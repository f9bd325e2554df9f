import DAGModel
import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Child processes", .timeLimit(.minutes(1)))
struct ChildProcessTests {
    /// Shells are started in two ways, and nobody may see a difference.
    enum Way: CaseIterable, Sendable { case loaded, forked }

    private static let server = ForkServer(environment: [:])

    private func shell(_ script: String, in scratch: Scratch, marker: String? = nil, _ way: Way) throws -> ChildCommand
    {
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        if let marker { environment[ChildProcess.attemptVariable] = marker }
        let server: ForkServer = try #require(Self.server, "scripts/build-fork-server.sh builds its library")
        return ChildCommand(
            executable: "/bin/sh", arguments: ["-c", script], environment: environment,
            outputPath: "\(scratch.path)/out", forkServer: way == .forked ? server : nil)
    }

    @Test("both outputs are appended to the file, and the exit code is the program's", arguments: Way.allCases)
    func output(_ way: Way) async throws {
        let scratch = try Scratch()
        let first = try await ChildProcess.spawn(shell("echo one; echo two >&2; exit 3", in: scratch, way))
        #expect(await first.wait() == .code(3))
        let second = try await ChildProcess.spawn(shell("echo three", in: scratch, way))
        #expect(await second.wait() == .code(0))
        #expect(scratch.text("out") == "one\ntwo\nthree\n")
        #expect(await second.wait() == .code(0), "a second wait gets the same answer")
    }

    @Test(
        "a child leads a session of its own with only three descriptors and no blocked signal", arguments: Way.allCases)
    func surroundings(_ way: Way) async throws {
        let scratch = try Scratch()
        let script = """
            ls /proc/self/fd | grep -c . ; readlink /proc/$$/fd/0; grep SigBlk /proc/self/status
            set -- $(sed 's/.*) //' /proc/$$/stat); [ "$4" = "$$" ] && echo leader; pwd
            """
        var command = try shell(script, in: scratch, way)
        command.workingDirectory = scratch.path
        let child = try await ChildProcess.spawn(command)
        #expect(await child.wait() == .code(0))
        let lines = scratch.text("out").split(separator: "\n").map(String.init)
        // ls itself holds a fourth: the folder it lists.
        #expect(lines == ["4", "/dev/null", "SigBlk:\t0000000000000000", "leader", scratch.path])
    }

    @Test("it is known when nothing of a program can live any more", arguments: Way.allCases)
    func leftNothing(_ way: Way) async throws {
        let scratch = try Scratch()
        // Other tests leave processes behind, for a while; then it is not certain.
        var isCertain = false
        while !isCertain {
            let child = try await ChildProcess.spawn(shell("true", in: scratch, way))
            #expect(await child.wait() == .code(0))
            isCertain = child.leftNothing
        }
        let post = try Signpost(in: scratch)
        let go = try Signpost(in: scratch, "go")
        let script = """
            env -i PATH=/usr/bin:/bin setsid sh -c 'echo $$ > \(post.path); exec sleep 1000' < /dev/null > /dev/null 2>&1 &
            read line < \(go.path)
            """
        let child = try await ChildProcess.spawn(shell(script, in: scratch, way))
        let escaped = try #require(Int32(await post.line()))
        defer { kill(escaped, SIGKILL) }
        go.write("go")
        #expect(await child.wait() == .code(0))
        #expect(!child.leftNothing && isAlive(escaped))
    }

    @Test("a program killed by a signal is told by its name", arguments: Way.allCases)
    func signal(_ way: Way) async throws {
        let scratch = try Scratch()
        let child = try await ChildProcess.spawn(shell("kill -SEGV $$", in: scratch, way))
        let exit = await child.wait()
        #expect(exit == .signal(SIGSEGV))
        #expect(exit.summary == "killed by SIGSEGV")
        #expect(exit.status == 139)
    }

    @Test("a missing program, a missing directory and a missing log folder are told apart", arguments: Way.allCases)
    func failures(_ way: Way) async throws {
        let scratch = try Scratch()
        var command = try shell("true", in: scratch, way)
        command.executable = "/bin/no-such-shell"
        await #expect { _ = try await ChildProcess.spawn(command) } throws: {
            "\($0)".contains("there is no program /bin/no-such-shell")
        }
        command = try shell("true", in: scratch, way)
        command.workingDirectory = "\(scratch.path)/missing"
        await #expect { _ = try await ChildProcess.spawn(command) } throws: {
            "\($0)".contains("cannot use the working directory \(scratch.path)/missing: No such file")
        }
        command = try shell("true", in: scratch, way)
        command.outputPath = "\(scratch.path)/missing/out"
        await #expect { _ = try await ChildProcess.spawn(command) } throws: {
            ($0 as? ChildSpawnError)?.isRetryable == true && "\($0)".contains("cannot write the task's log")
        }
        command = try shell(String(repeating: "x", count: 200_000), in: scratch, way)
        await #expect { _ = try await ChildProcess.spawn(command) } throws: { "\($0)".contains("too long") }
    }

    @Test("what a program leaves running in its session ends with it, even if it ignores TERM", arguments: Way.allCases)
    func leftovers(_ way: Way) async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let script = """
            exec 3>\(post.path)
            (trap '' TERM; echo ready >&3; while :; do sleep 1000; done) &
            read line < \(scratch.path)/go
            """
        let go = try Signpost(in: scratch, "go")
        let child = try await ChildProcess.spawn(shell(script, in: scratch, way))
        #expect(await post.line() == "ready")
        go.write("go")
        #expect(await child.wait() == .code(0))
        // Held open by the grandchild until its end.
        await post.closed()
    }

    @Test(
        "grandchildren in sessions of their own are found by the attempt in their environment", arguments: Way.allCases)
    func escaped(_ way: Way) async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let script = """
            exec 3>\(post.path)
            setsid sh -c 'trap "" TERM; echo $$ >&3; while :; do sleep 1000; done' &
            wait
            """
        let child = try await ChildProcess.spawn(shell(script, in: scratch, marker: UUID().uuidString, way))
        let grandchild = try #require(Int32(await post.line()))
        #expect(isAlive(grandchild))
        child.stop(grace: .milliseconds(50))
        #expect(await child.wait() == .signal(SIGTERM))
        #expect(!isAlive(grandchild))
        await post.closed()
    }

    @Test("a stop lets the group finish within its grace, grandchildren too", arguments: Way.allCases)
    func grace(_ way: Way) async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        // The leader dies of TERM at once; the grandchild still writes its last words.
        let script = """
            exec 3>\(post.path)
            sh -c 'trap "echo last words; exit 0" TERM; echo ready >&3; while :; do read x < \(scratch.path)/never; done' &
            wait
            """
        mkfifo("\(scratch.path)/never", 0o600)
        let child = try await ChildProcess.spawn(shell(script, in: scratch, way))
        #expect(await post.line() == "ready")
        child.stop(grace: .seconds(30))
        #expect(await child.wait() == .signal(SIGTERM))
        #expect(scratch.text("out").contains("last words"))
    }

    @Test("a program that ignores TERM is killed after the grace", arguments: Way.allCases)
    func stubborn(_ way: Way) async throws {
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let script = "trap '' TERM; exec 3>\(post.path); echo ready >&3; while :; do sleep 1000; done"
        let child = try await ChildProcess.spawn(shell(script, in: scratch, way))
        #expect(await post.line() == "ready")
        child.stop(grace: .milliseconds(20))
        #expect(await child.wait() == .signal(SIGKILL))
    }

    @Test("many spawns leave neither descriptors nor dead children behind", arguments: Way.allCases)
    func leaks(_ way: Way) async throws {
        let scratch = try Scratch()
        let command = try shell("true", in: scratch, way)
        var pids: [Int32] = []
        for _ in 0..<25 {
            pids += try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let child = try await ChildProcess.spawn(command)
                        #expect(await child.wait() == .code(0))
                        return child.record.pid
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(pids.count == 200)
        let corpses = ProcessTable.all().filter { $0.isZombie && $0.parent == getpid() && pids.contains($0.pid) }
        #expect(corpses.isEmpty)
        // A pidfd's facts name its process.
        let pidfds = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo").filter { name in
            let facts = (try? String(contentsOfFile: "/proc/self/fdinfo/\(name)", encoding: .utf8)) ?? ""
            return pids.contains { facts.contains("Pid:\t\($0)\n") }
        }
        #expect(pidfds.isEmpty)
    }

    @Test("a stat line is read whatever the program is called")
    func statLine() throws {
        let parse = { (line: String) in
            Array(line.utf8).withUnsafeBytes { ProcessTable.parse(pid: 42, stat: $0) }
        }
        let entry = try #require(
            parse("42 (a) b (c) R 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 1000 5"))
        #expect(entry.parent == 7 && entry.group == 8 && entry.session == 9 && entry.startTicks == 123_456)
        #expect(!entry.isZombie)
        #expect(parse("42 (x) Z 7 8 9 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 77\n")?.isZombie == true)
        #expect(parse("42 (x) R 1") == nil)
        #expect(parse("42 (x") == nil)
        #expect(parse("") == nil)
    }
}
