import DAGModel
import Execution
import Operators
import TestSupport
import Testing

/// A stand-in for `cryptoflow-model`: a script that tells what it was given and ends as asked.
private final class StandIn: Sendable {
    let folder: String
    var path: String { folder + "/cryptoflow-model" }

    init(_ script: String) async throws {
        folder = try TemporaryFolder.make(prefix: "model-stand-in")
        try await TemporaryFolder.writeScript("#!/bin/sh\n\(script)\n", to: folder + "/cryptoflow-model")
    }

    deinit { TemporaryFolder.remove(folder) }

    func run(
        _ verb: ModelOperator.Verb, _ arguments: [String: JSONValue]
    ) async throws -> (end: AttemptEnd, log: String) {
        let path = path
        let workshop = try Workshop(
            builtIn: ["warehouse": "postgresql://u:secret@/db", "web": "http://127.0.0.1"]
        ) { registry, connections in
            ModelOperator.register(in: &registry, connections: connections) { path }
        }
        return (await workshop.run(verb.signature.name, arguments), workshop.log)
    }
}

@Suite("Model operators", .timeLimit(.minutes(1)))
struct ModelOperatorTests {
    @Test("the program gets the arguments, the run and the database; its last line is the output")
    func arguments() async throws {
        let program = try await StandIn(
            "printf '%s|' \"$@\"; echo; echo \"$CRYPTOFLOW_MODEL_DATABASE $OMP_NUM_THREADS\"; echo '{\"model_id\": 7}'")
        let (end, log) = try await program.run(
            .train,
            [
                "markets": ["KRW-BTC", "KRW-ETH"], "parameters": ["rounds": "None", "eta": "0.1"], "until": "None",
                "memory_mb": 512,
            ])
        #expect(end.state == .success && end.output == ["model_id": 7], "\(end)")
        #expect(
            log.contains(
                "train|--memory|512|--parameters|{\"eta\": \"0.1\", \"rounds\": \"None\"}|--markets|KRW-BTC|KRW-ETH|--attempt|"
            ))
        #expect(log.contains("|--dag|d|--run|") && log.contains("|--task|t|"))
        #expect(log.contains("postgresql://u:secret@/db 1"))
        let predict = try await program.run(.predict, ["since": "2026-01-01T00:00:00Z", "model": ""])
        #expect(predict.log.contains("predict|--since|2026-01-01T00:00:00Z|--attempt|"))
    }

    @Test("what it says last is the reason: nothing to do skips, a wrong request is not tried again")
    func exits() async throws {
        let skipped = try await StandIn("echo too few hours; exit 99").run(.train, [:]).end
        #expect(skipped.state == .skipped && skipped.reason == "too few hours")
        let wrong = try await StandIn("echo no such model; exit 2").run(.predict, [:]).end
        #expect(wrong.state == .failed && wrong.reason == "no such model" && !wrong.isRetryable)
        let failed = try await StandIn("echo connection lost; exit 1").run(.drift, [:]).end
        #expect(failed.state == .failed && failed.isRetryable && failed.exitCode == 1)
        let killed = try await StandIn("kill -KILL $$").run(.drift, [:]).end
        #expect(killed.reason == "cryptoflow-model was killed by SIGKILL" && killed.isRetryable)
        let starved = try await StandIn("kill -SEGV $$").run(.drift, [:]).end
        #expect(starved.reason?.contains("SIGSEGV; if it ran out of memory, raise memory_mb") == true)
    }

    @Test(
        "arguments that cannot be used are told before anything runs",
        arguments: [
            ["conn_id": "nowhere"], ["conn_id": "web"], ["markets": "KRW-BTC"], ["markets": ["--help"]],
            ["until": "--help"], ["memory_mb": -1], ["memory_mb": 100], ["rounds": 3],
        ] as [[String: JSONValue]])
    func refused(arguments: [String: JSONValue]) async throws {
        let end = try await StandIn("echo it ran").run(.train, arguments).end
        #expect(end.state == .failed && !end.isRetryable && end.reason != "it ran", "\(end)")
    }
}
