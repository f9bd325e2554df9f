import Testing

@testable import WebServer

@Suite("Patience", .timeLimit(.minutes(1))) struct PatienceTests {
    private struct Broken: Error {}

    @Test("work that cannot be stopped is not waited for")
    func unstoppable() async throws {
        let (gate, door) = AsyncStream.makeStream(of: Void.self)
        // Awaited below; its value is awaited without regard to cancelling.
        let held = Task { for await _ in gate {} }
        await #expect(throws: NoAnswer.self) {
            try await within(.milliseconds(10)) { await held.value }
        }
        door.finish()
        await held.value
    }

    @Test("work that is too slow is cancelled, and a result or an error comes as it is")
    func outcomes() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let (never, open) = AsyncStream.makeStream(of: Void.self)
        defer { open.finish() }
        await #expect(throws: NoAnswer.self) {
            try await within(.milliseconds(10)) {
                // Ends by being cancelled.
                for await _ in never {}
                end.finish()
            }
        }
        for await _ in ends {}
        #expect(try await within(.seconds(3_600)) { 7 } == 7)
        await #expect(throws: Broken.self) { try await within(.seconds(3_600)) { throw Broken() } }
    }

    @Test("a caller that is cancelled waits no longer, and its work is cancelled")
    func cancelled() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let (never, open) = AsyncStream.makeStream(of: Void.self)
        defer { open.finish() }
        // Awaited below.
        let caller = Task {
            try await within(.seconds(3_600)) {
                begin.finish()
                for await _ in never {}
                end.finish()
            }
        }
        for await _ in begun {}
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        for await _ in ends {}
    }
}
