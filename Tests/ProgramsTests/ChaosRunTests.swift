import Chaos
import Glibc
import Testing

extension FirstFillSerial {
    /// The programs as `make chaos` runs them, for a moment.
    @Suite("chaos") struct ChaosRunTests {
        @Test("kills the programs under load, and the audit finds nothing", .timeLimit(.minutes(5)))
        func short() async throws {
            try await Scratch.with { scratch in
                let program = try Installed.path(of: "cryptoflow")
                // Of any name.
                try scratch.write("", to: "one's own folder/there")
                let chaos = ChaosRun(
                    seconds: 8, seed: .random(in: 0...UInt64(UInt32.max)), folder: scratch.folder + "/one's own folder",
                    programs: String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)]),
                    migrations: Installed.checkout + "/migrations", say: { _ in })
                let report = try await chaos.run()
                #expect(report.audit.violations == [], "\(report.line)")
                #expect(report.audit.attempts >= 24 * 3 * 4 && report.kills.values.reduce(0, +) > 0)
            }
        }

        @Test("that is told to stop leaves nothing running", .timeLimit(.minutes(2)), arguments: [SIGTERM, SIGINT])
        func stopped(signal: Int32) async throws {
            try await Scratch.with { scratch in
                let chaos = try scratch.start("cryptoflow-chaos", ["--seconds", "600", "--folder", "."])
                try await chaos.line(containing: "600 s of kills")
                chaos.signal(signal)
                #expect(try await chaos.end() == 128 + signal)
                while !scratch.processes().isEmpty {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
        }
    }
}
