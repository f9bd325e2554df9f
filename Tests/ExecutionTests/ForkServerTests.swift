import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Fork server", .timeLimit(.minutes(1)))
struct ForkServerTests {
    private let scratch: Scratch
    private let mark = UUID().uuidString

    init() throws { scratch = try Scratch() }

    private func server(library: String? = ForkServer.installedLibrary, patience: Duration = .seconds(10)) throws
        -> ForkServer
    {
        try #require(
            ForkServer(library: library, environment: [:], mark: ("CRYPTOFLOW_TEST", mark), patience: patience),
            "scripts/build-fork-server.sh builds the library")
    }

    private func command(_ script: String, shell: String = "/bin/sh", _ server: ForkServer?) -> ChildCommand {
        ChildCommand(
            executable: shell, arguments: ["-c", script],
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "GREETING": "héllo = wörld", "CRYPTOFLOW_TEST": mark,
            ],
            workingDirectory: scratch.path, outputPath: "\(scratch.path)/out", forkServer: server)
    }

    /// Runs the command and returns what it wrote.
    private func output(_ command: ChildCommand) async throws -> String {
        unlink(command.outputPath)
        let child = try await ChildProcess.spawn(command)
        #expect(await child.wait() == .code(0))
        return scratch.text("out")
    }

    private static let isForked = "grep -q forkserver /proc/$$/maps && echo forked || echo loaded"

    /// The shells that stand ready with this test's mark.
    private var readyShells: [ProcessTable.Entry] {
        let entry = [UInt8]("CRYPTOFLOW_TEST=\(mark)".utf8)
        return ProcessTable.all().filter { ProcessTable.environment(of: $0.pid, contains: entry) }
    }

    @Test(
        "a forked shell sees what a loaded one sees, and looks the same from outside",
        arguments: ["/bin/sh", "/bin/bash"])
    func sameAsLoaded(shell: String) async throws {
        let script = """
            echo "$0 $# $PPID $-"; pwd; umask; ulimit -a; env | sort; ls /proc/$$/fd; readlink /proc/$$/fd/* /proc/$$/exe
            # Where the place for them is longer than they are, zero bytes follow.
            tr '\\0' '\\n' < /proc/$$/cmdline | grep .; tr '\\0' '\\n' < /proc/$$/environ | grep . | sort; cat /proc/$$/comm
            grep -E '^(Sig[BIC]|Shd|Cap|Threads|NoNewPrivs|Seccomp:)' /proc/self/status
            set -- $(sed 's/.*) //' /proc/$$/stat); [ "$3 $4" = "$$ $$" ] && echo "leads group and session"
            [ "$(sh -c 'echo $PPID')" = $$ ] && echo "children know it"
            """
        let forked = try await output(command(script, shell: shell, server())).split(separator: "\n")
        let loaded = try await output(command(script, shell: shell, nil)).split(separator: "\n")
        #expect(forked == loaded)
        #expect(forked.contains("leads group and session"))
        #expect(forked.contains("children know it"))
        #expect(try await output(command(Self.isForked, shell: shell, server())) == "forked\n")
    }

    @Test("one shell serves many at once, each with its own number and output")
    func many() async throws {
        let server = try server()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    var command = command("echo \(number) $$; exit \(number)", server)
                    command.outputPath = "\(scratch.path)/\(number)"
                    let child = try await ChildProcess.spawn(command)
                    #expect(await child.wait() == .code(Int32(number)))
                    #expect(scratch.text("\(number)") == "\(number) \(child.record.pid)\n")
                }
            }
            try await group.waitForAll()
        }
        #expect(readyShells.count == 1)
    }

    @Test("what does not fit, and what changes how programs are loaded, is loaded")
    func misfits() async throws {
        let server = try server()
        #expect(try await output(command(Self.isForked, server)) == "forked\n")
        let long = String(repeating: " ", count: 5_000) + Self.isForked
        #expect(try await output(command(long, server)) == "loaded\n")
        var other = command(Self.isForked, server)
        other.environment["LONG"] = String(repeating: "x", count: 10_000)
        #expect(try await output(other) == "loaded\n")
        other = command(Self.isForked, server)
        for number in 0..<1_000 { other.environment["A\(number)"] = "" }
        #expect(try await output(other) == "loaded\n")
        other = command(Self.isForked, server)
        other.environment["GLIBC_TUNABLES"] = "glibc.malloc.perturb=1"
        #expect(try await output(other) == "loaded\n")
        // Without the mark a guard would not find it.
        other = command(Self.isForked, server)
        other.environment["CRYPTOFLOW_TEST"] = nil
        #expect(try await output(other) == "loaded\n")
    }

    @Test("a zero byte does not make one text of a request two")
    func zeroByte() async throws {
        let server = try server()
        var other = command("echo right", server)
        other.workingDirectory = "\(scratch.path)\0\(scratch.path)/out\0echo wrong"
        #expect(try await output(other) == "right\n")
        other = command("echo right", server)
        other.environment["A"] = "b\0C=d"
        #expect(try await output(other) == "right\n")
    }

    @Test("what one task was given is not in the memory of the next one's shell")
    func secrets() async throws {
        let server = try server()
        var first = command("true", server)
        first.environment["PASSWORD"] = String(repeating: "correct horse ", count: 200)
        _ = try await output(first)
        // The pattern is put together by the shell, so that it is not in its memory itself.
        let script = """
            stack=$(grep '\\[stack\\]' /proc/$$/maps | cut -d' ' -f1)
            from=$((0x${stack%-*} / 4096)) to=$((0x${stack#*-} / 4096))
            dd if=/proc/$$/mem bs=4096 skip=$from count=$((to - from)) 2>/dev/null | grep -ac 'correct[ ]horse'; true
            """
        #expect(try await output(command(script, server)) == "0\n")
    }

    @Test("a shell that was killed is replaced")
    func killed() async throws {
        let server = try server()
        #expect(try await output(command(Self.isForked, server)) == "forked\n")
        let first = try #require(readyShells.first)
        kill(first.pid, SIGKILL)
        ProcessWaiter.wait(for: [first], milliseconds: 30_000)
        #expect(try await output(command(Self.isForked, server)) == "forked\n")
        #expect(readyShells.map(\.pid) != [first.pid])
    }

    @Test("a script runs once though the shell that should fork it stands still")
    func stopped() async throws {
        let server = try server(patience: .milliseconds(50))
        #expect(try await output(command(Self.isForked, server)) == "forked\n")
        let ready = try #require(readyShells.first)
        kill(ready.pid, SIGSTOP)
        #expect(try await output(command("echo once; \(Self.isForked)", server)).hasPrefix("once\n"))
        kill(ready.pid, SIGCONT)
        ProcessWaiter.wait(for: [ready], milliseconds: 30_000)
        #expect(scratch.text("out").split(separator: "\n").count(where: { $0 == "once" }) == 1)
    }

    @Test("where preloading does nothing, shells are loaded")
    func noPreloading() async throws {
        let library = "\(scratch.path)/forkserver.so"
        #expect(ForkServer(library: library, environment: [:]) == nil)
        try "no library".write(toFile: library, atomically: false, encoding: .utf8)
        #expect(try await output(command(Self.isForked, server(library: library))) == "loaded\n")
    }

    @Test("the shell ends with whoever keeps it")
    func end() async throws {
        var server: ForkServer? = try server()
        #expect(try await output(command(Self.isForked, server)) == "forked\n")
        let ready = readyShells
        #expect(ready.count == 1)
        server = nil
        ProcessWaiter.wait(for: ready, milliseconds: 30_000)
        #expect(readyShells.isEmpty)
    }
}
