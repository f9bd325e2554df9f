import FoundationEssentials
import Lab
import TestSupport
import Testing

@testable import Chaos

/// The stage with small shell scripts in the programs' place.
@Suite("stage of chaos", .timeLimit(.minutes(1))) struct ChaosStageTests {
    private static let good = "trap 'exit 0' TERM; echo leading in epoch 1, serves; while :; do sleep 0.01; done"

    private func with(
        scheduler: String = good, worker: String = good, _ body: (inout ChaosStage, String) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            for (name, script) in [("cryptoflow-scheduler", scheduler), ("cryptoflow", worker)] {
                let path = "\(folder)/\(name)"
                try await TemporaryFolder.writeScript("#!/bin/sh\necho $$ >> pids\n\(script)\n", to: path)
            }
            var stage = ChaosStage(programs: folder, folder: folder, url: "", migrations: "")
            do {
                try await body(&stage, folder)
            } catch {
                await stage.stopAll()
                throw error
            }
            await stage.stopAll()
        }
    }

    @Test("kills and an orderly stop explain how a program ends")
    func explained() async throws {
        try await with { stage, folder in
            try await stage.startAll()
            #expect(try await stage.killWorker(0))
            try await stage.untilReady()
            // The first to write its number leads; the other is killed as the one that stands by.
            let pids = try String(contentsOfFile: folder + "/pids", encoding: .utf8).split(separator: "\n")
            let leader = try #require(pids.first.flatMap { Int32($0) })
            #expect(try await stage.killScheduler(leading: false, leader: leader))
            #expect(try await stage.killScheduler(leading: true, leader: leader))
            // Its lease is still there, and nobody of ours has it.
            #expect(try await stage.killScheduler(leading: true, leader: leader) == false)
            #expect(try await stage.killScheduler(leading: false, leader: leader) == false)
            try await stage.untilReady()
            await stage.stopAll()
            #expect(stage.unexplained == [])
        }
    }

    @Test("a program that ends by itself is told of with its last words, replaced, and no kill")
    func byItself() async throws {
        let once = "if [ -e fell ]; then \(Self.good); fi; touch fell; echo serves; echo out of breath; exit 3"
        try await with(worker: once) { stage, folder in
            try await stage.startAll()
            while stage.unexplained.isEmpty {
                try stage.lookAfter()
                await Task.yield()
            }
            try await stage.untilReady()
            #expect(stage.unexplained.allSatisfy { $0.contains("ended by itself with exit code 3") })
            #expect(stage.unexplained.allSatisfy { $0.contains("out of breath") })
        }
    }

    @Test("the kill of a program that had ended does not count")
    func deadAlready() async throws {
        try await with(worker: "echo serves; exit 0") { stage, _ in
            try await stage.startAll()
            _ = await stage.workers[0].wait()
            let before = stage.unexplained.count
            #expect(try await stage.killWorker(0) == false)
            #expect(stage.unexplained.count == before + 1)
        }
    }

    @Test("a stop that does not end in order is told of")
    func badStop() async throws {
        let bad = "trap 'echo cannot; exit 7' TERM; echo serves; while :; do sleep 0.01; done"
        try await with(worker: bad) { stage, _ in
            try await stage.startAll()
            await stage.stopAll()
            #expect(stage.unexplained.count == 2)
            #expect(stage.unexplained.allSatisfy { $0.contains("exit code 7") && $0.contains("cannot") })
        }
    }

    @Test("one that cannot start is a failure of the trial")
    func unready() async throws {
        try await with(scheduler: "echo no database; exit 1") { stage, _ in
            await #expect { try await stage.startAll() } throws: { "\($0)".contains("no database") }
        }
    }
}
