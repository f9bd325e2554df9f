import FoundationEssentials
import Lab
import PrivateCluster
import TestSupport
import Testing

@Suite("programs that are started for a while", .timeLimit(.minutes(1))) struct ProgramTests {
    @Test("one that ends without the awaited words is not waited for")
    func endsBefore() async throws {
        try await TemporaryFolder.with { folder in
            let program = try Program.start("/bin/sh", ["-c", "echo hello; exit 3"], in: folder)
            #expect(try await program.waitForOutput("good day", seconds: 3_600) == false)
            #expect(program.ending == .exited(3))
            #expect(try await program.waitForOutput("nobody", "hello", seconds: 1))
        }
    }

    @Test("one that does not heed its stop is killed, one that does ends by itself")
    func stubborn() async throws {
        try await TemporaryFolder.with { folder in
            let deaf = try Program.start(
                "/bin/sh", ["-c", "trap '' TERM; echo up; while :; do sleep 0.01; done"], in: folder)
            #expect(try await deaf.waitForOutput("up", seconds: 60))
            #expect(await deaf.end(patience: .milliseconds(50)) == .signalled(9))
            let good = try Program.start(
                "/bin/sh", ["-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done"], in: folder)
            #expect(try await good.waitForOutput("up", seconds: 60))
            #expect(await good.end() == .exited(0))
        }
    }

    @Test("one that is asked to stop has its time though the task that asks is cancelled")
    func cancelled() async throws {
        try await TemporaryFolder.with { folder in
            let program = try Program.start(
                "/bin/sh",
                [
                    "-c",
                    "trap 'echo asked; while [ ! -e go ]; do sleep 0.01; done; exit 0' TERM; echo up; "
                        + "while :; do sleep 0.01; done",
                ], in: folder)
            #expect(try await program.waitForOutput("up", seconds: 60))
            async let ending = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await program.end(patience: .seconds(3_600))
            }.value
            #expect(try await program.waitForOutput("asked", seconds: 60))
            try Data().write(to: URL(filePath: folder + "/go"))
            #expect(await ending == .exited(0))
        }
    }
}
