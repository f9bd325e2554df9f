/// A database that does not answer in time.
struct NoAnswer: Error, CustomStringConvertible {
    let patience: Duration

    var description: String { "no answer within \(patience)" }
}

/// The result of `body`, or `NoAnswer` when it takes longer than `patience`; it is then cancelled.
func within<Value: Sendable>(
    _ patience: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: patience)
            throw NoAnswer(patience: patience)
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
