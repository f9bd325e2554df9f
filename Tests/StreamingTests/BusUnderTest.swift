import Testing

@testable import Streaming

/// An event bus that has to pass the conformance suite.
///
/// Another implementation joins by an entry in ``all``.
struct BusUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () async throws -> any EventBus

    static let all = [BusUnderTest(testDescription: "in process") { InProcessEventBus() }]
}

/// A store of latest values that has to pass the conformance suite.
struct LatestUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () async throws -> any LatestValues

    static let all = [LatestUnderTest(testDescription: "in memory") { InMemoryLatestValues() }]
}
