import PostgresClient
import Testing

@testable import Chaos

@Suite("load of chaos", .timeLimit(.minutes(1))) struct ChaosLoadTests {
    private static func load(patience: Duration) -> ChaosLoad {
        // Nobody listens there.
        ChaosLoad(programs: "/", folder: "/", url: "postgresql://127.0.0.1:1/none", hours: 1, patience: patience)
    }

    @Test("a failure that lasts is thrown, and one that may pass is not")
    func failing() async throws {
        var patient = Self.load(patience: .seconds(3_600))
        for _ in 0..<100 { try await patient.fill() }
        var hasty = Self.load(patience: .zero)
        await #expect(throws: PostgresError.self) { try await hasty.fill() }
    }
}
