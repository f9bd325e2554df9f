import Chaos
import Testing

extension FirstFillSerial {
    /// The programs as `make chaos` runs them, for a moment.
    @Suite("chaos") struct ChaosRunTests {
        @Test("kills the programs under load, and the audit finds nothing", .timeLimit(.minutes(5)))
        func short() async throws {
            let program = try Installed.path(of: "cryptoflow")
            let chaos = ChaosRun(
                seconds: 8, seed: .random(in: 0...UInt64(UInt32.max)), folder: "/var/tmp",
                programs: String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)]),
                migrations: Installed.checkout + "/migrations", say: { _ in })
            let report = try await chaos.run()
            #expect(report.audit.violations == [], "\(report.line)")
            #expect(report.audit.attempts >= 16 * 3 * 4 && report.kills.values.reduce(0, +) > 0)
        }
    }
}
