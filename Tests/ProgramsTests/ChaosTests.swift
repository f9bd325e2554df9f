import FoundationEssentials
import Glibc
import SeededRandom
import Testing

/// Whom a kill hits.
private enum Victim: CaseIterable {
    case program, postmaster, both, everything
}

extension FirstFillSerial {
    @Suite("killed") struct Killed {
        /// How often the fill is killed; CRYPTOFLOW_CHAOS_KILLS asks for more, CRYPTOFLOW_CHAOS_SEED for the same again.
        private static let kills = number("CRYPTOFLOW_CHAOS_KILLS").map(Int.init) ?? 4

        private static func number(_ variable: String) -> UInt64? {
            getenv(variable).flatMap { UInt64(String(cString: $0)) }
        }

        @Test("ends as if nothing had happened, whoever is killed whenever", .timeLimit(.minutes(10)))
        func kills() async throws {
            let seed = Self.number("CRYPTOFLOW_CHAOS_SEED") ?? .random(in: 0 ... .max)
            var story = "(seed \(seed)"
            let expected = try await UndisturbedFill.shared.checksums()
            do {
                try await Scratch.with { scratch in
                    var random = SeededGenerator(seed: seed)
                    var program = try FirstFill.start(scratch)
                    for _ in 0..<Self.kills {
                        // From the very beginning, while the cluster is made, to the middle of the fill.
                        let pause = Int.random(in: 0...(Bool.random(using: &random) ? 1_200 : 4_500), using: &random)
                        let victim = Victim.allCases.randomElement(using: &random) ?? .everything
                        try await Task.sleep(for: .milliseconds(pause))  // check: allow, a kill has its moment
                        story += ", \(victim) after \(pause) ms"
                        guard !program.hasEnded else { throw program.failure("ended by itself") }
                        if try await Self.kill(victim, of: program, in: scratch) {
                            program = try FirstFill.start(scratch)
                        }
                    }
                    let database = try await FirstFill.finish(program, scratch)
                    try await Rules.check(Rules.history + Rules.warehouse, in: database, story + ")")
                    #expect(try await database.value("SELECT gold_checksum()") == expected.gold, "\(story))")
                    program.signal(SIGTERM)
                    #expect(try await program.end() == 0, "\(story))")
                    #expect(scratch.processes().map(\.description) == [], "something is left running \(story))")
                }
            } catch {
                Issue.record("\(error) \(story))")
            }
        }

        /// Kills, and answers whether the program is gone.
        private static func kill(_ victim: Victim, of program: Program, in scratch: Scratch) async throws -> Bool {
            let isLeading = program.lines.contains { $0.contains("scheduler  leading") }
            let postmaster = scratch.read("home/postgres/postmaster.pid").prefix { $0 != "\n" }
            for process in scratch.processes() {
                // The file may be an old one: only a process of this home is meant.
                let isPostmaster = String(process.pid) == postmaster && process.directory.hasPrefix(scratch.home)
                let isHit =
                    switch victim {
                    case .program: false
                    case .postmaster, .both: isPostmaster
                    case .everything: true
                    }
                if isHit { _ = Glibc.kill(process.pid, SIGKILL) }
            }
            guard victim == .postmaster else {
                program.signal(SIGKILL)
                try await program.end()
                return true
            }
            // Without its database a program that is still starting may give up; one that leads must go on.
            return try await isLeading ? false : hasGivenUp(program)
        }

        /// Whether a program gives up starting, for which it must have a sentence; false once it leads.
        private static func hasGivenUp(_ program: Program) async throws -> Bool {
            do {
                try await program.line(containing: "scheduler  leading")
                return false
            } catch let error as Program.Failure {
                guard !Task.isCancelled else { throw error }
                #expect(try await program.end() == 1, "\(error)")
                #expect(program.lines.contains { $0.lowercased().hasPrefix("error: ") }, "\(error)")
                return true
            }
        }
    }
}
