import DAGModel
import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Threads of processes", .timeLimit(.minutes(1)))
struct ProcessThreadsTests {
    @Test("they are threads of their own on which the end of a child is no signal to anybody")
    func threads() async throws {
        let threads = try #require(ProcessThreads.shared)
        let (name, blocks) = await withTaskExecutorPreference(threads) { @concurrent in
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            return (name, sigismember(&mask, SIGCHLD))
        }
        #expect(name == "processes\n")
        #expect(blocks == 0)
    }

    @Test("while one blocks, another takes what comes next")
    func blocked() async throws {
        let threads = try #require(ProcessThreads.shared)
        let scratch = try Scratch()
        let post = try Signpost(in: scratch)
        let other = try Signpost(in: scratch, "other")
        let gate = "\(scratch.path)/gate"
        #expect(mkfifo(gate, 0o600) == 0)
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: threads) { @concurrent in
                // Blocks until the other end is opened.
                close(open(gate, O_RDONLY))
                post.write("passed")
            }
            group.addTask(executorPreference: threads) { @concurrent in
                other.write("second")
            }
            #expect(await other.line() == "second")
            let writer = open(gate, O_RDWR)
            #expect(await post.line() == "passed")
            close(writer)
        }
    }

    @Test("thousands of jobs from elsewhere all run")
    func many() async throws {
        let threads = try #require(ProcessThreads.shared)
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<5_000 {
                group.addTask(executorPreference: threads) { @concurrent in
                    await Task.yield()
                    return number
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 4_999 * 5_000 / 2)
    }

    @Test("a try prefers them when its operator starts processes")
    func preference() throws {
        let workshop = try Workshop()
        var registry = OperatorRegistry()
        for (name, runsProcess) in [("program", true), ("call", false)] {
            registry.register(
                OperatorSignature(name: name, summary: "a test", runsProcess: runsProcess, parameters: [])
            ) { _ in ClosureOperator { _ in TaskResult() } }
        }
        let executor = LocalExecutor(
            registry: registry, logs: workshop.logs, processes: workshop.processes, outputs: Readings(),
            variables: Readings())
        #expect(executor.threads(for: launch(operator: "program")) as AnyObject? === ProcessThreads.shared)
        #expect(executor.threads(for: launch(operator: "call")) == nil)
        #expect(executor.threads(for: launch(operator: "unknown")) == nil)
    }
}
