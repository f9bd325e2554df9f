/// A database that does not answer in time.
struct NoAnswer: Error, CustomStringConvertible {
    let patience: Duration

    var description: String { "no answer within \(patience)" }
}

/// The result of `body`, or `NoAnswer` when it takes longer than `patience`; it is then cancelled.
package func within<Value: Sendable>(
    _ patience: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (answers, answer) = AsyncStream.makeStream(
        of: Result<Value, any Error>.self, bufferingPolicy: .bufferingOldest(1))
    // No children, which would be waited for: a statement of a server that hangs takes ten seconds more to give up after
    // it is cancelled. It does so by itself, and nobody has to await that.
    let work = Task {
        do { answer.yield(.success(try await body())) } catch { answer.yield(.failure(error)) }
    }
    // Ended below, or by itself.
    let timer = Task {
        do { try await Task.sleep(for: patience) } catch { return }
        answer.yield(.failure(NoAnswer(patience: patience)))
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    for await first in answers { return try first.get() }
    // Only a cancelled caller gets none.
    throw CancellationError()
}
