/// What simulations went through: a simulation that exercises nothing proves nothing.
package struct SimulationCounts: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case commits, crashes, takeovers, returns, fences
        case lostAnswers = "answers lost"
        case sentAhead = "batches sent ahead"
        case early = "batches that came early"
        case duplicates, reordered
        case clockJumps = "clock jumps"
        case transitions = "DST transitions"
        case pauses
        case poolChanges = "pools changed"
        case changedDocuments = "changed documents"
        case removedDocuments = "removed documents"
        case runs, attempts, retries, lost, interrupted
        case handedOver = "handed over to workers"
        case workersLost = "workers lost"
        case reportsKept = "reports that outlived a leader"
        case assetRuns = "asset runs"
        case backfills
        case backwards = "backfills backwards"
        case backfillChanges = "backfills paused or ended"
        case cancels, clears, marks
        case runMarks = "runs marked"
        case deletes
        case prunes = "retention rules"
        case mapped
        case cutOff = "cut off by branches"
        case deferrals
        case blockedByPast = "blocked by the run before"
        case notRetried = "failures not retried"
        case laterRuns = "runs asked for later"
        case delivered = "notifications delivered"
        case redelivered = "notifications sent again"
        case missedDeadlines = "missed deadlines"
        case averages = "deadlines by average runtime"
        case tornDown = "teardowns"
        case autoPauses = "DAGs paused for failures"
    }

    private var values = [Int](repeating: 0, count: Kind.allCases.count)

    package init() {}

    package subscript(kind: Kind) -> Int {
        get { values[Self.index[kind] ?? 0] }
        set { values[Self.index[kind] ?? 0] = newValue }
    }

    private static let index = Dictionary(uniqueKeysWithValues: Kind.allCases.enumerated().map { ($1, $0) })

    package static func += (left: inout Self, right: Self) {
        for number in left.values.indices { left.values[number] += right.values[number] }
    }

    /// What did not happen once.
    package var missing: [Kind] { Kind.allCases.filter { self[$0] == 0 } }
}

extension SimulationCounts: CustomStringConvertible {
    /// All counts on one line: `crashes 12, takeovers 3, …`.
    package var description: String { Kind.allCases.map { "\($0.rawValue) \(self[$0])" }.joined(separator: ", ") }
}
