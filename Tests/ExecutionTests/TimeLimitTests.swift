import Testing

@testable import Execution

@Suite("Time limits", .timeLimit(.minutes(1)))
struct TimeLimitTests {
    @Test("the shortest is over first, whichever was set first")
    func order() async throws {
        let limits = TimeLimits()
        let over = try await withThrowingTaskGroup(of: Int.self) { group in
            for milliseconds in [3_600_000, 40, 20] {
                group.addTask {
                    try await limits.wait(for: .milliseconds(milliseconds))
                    return milliseconds
                }
            }
            var over: [Int] = []
            while over.count < 2, let next = try await group.next() { over.append(next) }
            group.cancelAll()
            return over
        }
        #expect(Set(over) == [20, 40])
    }

    @Test("one that is called off ends at once and leaves nothing behind")
    func calledOff() async {
        let limits = TimeLimits()
        for isEarly in [true, false] {
            let tasks = (0..<100).map { _ in Task { try await limits.wait(for: .seconds(3_600)) } }
            // Some are called off before they wait, some while they do.
            if !isEarly { while limits.openCount < 100 { await Task.yield() } }
            for task in tasks { task.cancel() }
            for task in tasks {
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(limits.openCount == 0)
        }
    }

    @Test("one that is set after others were called off is over in its time")
    func afterwards() async throws {
        let limits = TimeLimits()
        let first = Task { try await limits.wait(for: .milliseconds(5)) }
        first.cancel()
        _ = await first.result
        try await limits.wait(for: .milliseconds(10))
        try await limits.wait(for: .zero)
        #expect(limits.openCount == 0)
    }
}
