import DAGModel
import Execution
import FoundationEssentials
import Operators
import Testing

@Suite("Shell operators", .timeLimit(.minutes(1)))
struct ShellTests {
    @Test(
        "the last line of the output is the return value, and every line is in the log", arguments: ["bash", "shell"])
    func output(name: String) async throws {
        let workshop = try Workshop()
        let end = await workshop.run(name, ["bash_command": "echo one; echo two >&2; printf 'three  \\n\\n'"])
        #expect(end.state == .success && end.output == "three" && end.exitCode == 0, "\(end)")
        #expect(workshop.log == "one\ntwo\nthree  \n\n")
        let silent = await workshop.run(name, ["bash_command": "true"])
        #expect(silent.output == nil && silent.state == .success)
        let unwanted = await workshop.run(name, ["bash_command": "echo x", "do_xcom_push": false])
        #expect(unwanted.output == nil && unwanted.state == .success)
    }

    @Test("bash is bash")
    func bash() async throws {
        let end = try await Workshop().run("bash", ["bash_command": "a=(1 2); [[ ${#a[@]} == 2 ]] && echo bash"])
        #expect(end.output == "bash")
    }

    @Test(
        "exit codes end the task as skipped or failed",
        arguments: [
            (99, nil, AttemptState.skipped), (99, JSONValue.null, .failed), (3, nil, .failed), (3, 3, .skipped),
            (4, [3, 4], .skipped), (99, [3, 4], .failed), (0, nil, .success),
        ] as [(Int, JSONValue?, AttemptState)])
    func exitCodes(code: Int, skip: JSONValue?, expected: AttemptState) async throws {
        var arguments: [String: JSONValue] = ["bash_command": .string("echo why; exit \(code)")]
        arguments["skip_on_exit_code"] = skip
        let end = try await Workshop().run("shell", arguments)
        #expect(end.state == expected && end.exitCode == Int32(code))
        if expected == .failed { #expect(end.reason == "exit code \(code): why" && end.isRetryable) }
    }

    @Test("a signal is named")
    func signal() async throws {
        let end = try await Workshop().run("shell", ["bash_command": "kill -TERM $$"])
        #expect(end.state == .failed && end.reason == "killed by SIGTERM" && end.exitCode == 143)
    }

    @Test("env stands alone unless it is appended")
    func environment() async throws {
        let workshop = try Workshop()
        let script: JSONValue = "echo \"$A-$INHERITED-$AIRFLOW_CTX_DAG_ID\""
        #expect(await workshop.run("bash", ["bash_command": script]).output == "-yes-d")
        #expect(await workshop.run("bash", ["bash_command": script, "env": ["A": 5]]).output == "5--d")
        #expect(
            await workshop.run("bash", ["bash_command": script, "env": ["A": "x"], "append_env": true]).output
                == "x-yes-d")
    }

    @Test("without cwd a task works in an empty folder that vanishes")
    func scratch() async throws {
        let workshop = try Workshop()
        let end = await workshop.run("shell", ["bash_command": "ls -A | wc -l; mkdir -p a/b; touch a/b/c; pwd"])
        let folder = try #require(end.output?.stringValue)
        #expect(workshop.log.hasPrefix("0\n"))
        #expect(!FileManager.default.fileExists(atPath: folder))
        let there = await workshop.run("shell", ["bash_command": "pwd", "cwd": .string(workshop.folder)])
        #expect(there.output == .string(workshop.folder))
        let missing = await workshop.run("shell", ["bash_command": "pwd", "cwd": "/no/such"])
        #expect(missing.state == .failed && !missing.isRetryable)
        #expect(missing.reason == "cannot use the working directory /no/such: No such file or directory")
    }

    @Test("a timeout stops the command")
    func timeout() async throws {
        let end = try await Workshop().run("bash", ["bash_command": "sleep 1000; true"], timeout: .milliseconds(100))
        #expect(end.state == .failed && end.reason == "timed out after 100ms")
    }

    @Test(
        "wrong arguments fail for good and say what would be right",
        arguments: [
            ([:], "the argument \"bash_command\" is missing"),
            (["bash_comand": "x"], "bash has no argument \"bash_comand\"; did you mean \"bash_command\"?"),
            (["bash_command": 3], "the argument \"bash_command\" must be a string, found an integer"),
            (
                ["bash_command": "x", "env": ["A": [1]]],
                "the argument \"env.A\" must be a string or a number, found a list"
            ),
            (["bash_command": "x\0y"], "bash_command contains a zero byte"),
            (["bash_command": "x", "cwd": "/tmp\0/x"], "cwd contains a zero byte"),
            (
                ["bash_command": "x", "output_encoding": "latin-1"],
                "output_encoding can only be utf-8, found \"latin-1\""
            ),
            (
                ["bash_command": "x", "append_env": 1],
                "the argument \"append_env\" must be true or false, found an integer"
            ),
        ] as [([String: JSONValue], String)])
    func arguments(arguments: [String: JSONValue], message: String) async throws {
        let end = try await Workshop().run("bash", arguments)
        #expect(end.state == .failed && !end.isRetryable && end.reason == message)
    }

    @Test("empty succeeds and takes no arguments")
    func empty() async throws {
        let workshop = try Workshop()
        #expect(await workshop.run("empty", [:]).state == .success)
        #expect(await workshop.run("empty", ["x": 1]).state == .failed)
    }
}
