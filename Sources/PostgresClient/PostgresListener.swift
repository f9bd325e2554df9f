/// Listens on channels with a connection of its own, and comes back after every loss of it.
///
/// The consumer treats a notification as a wake-up and reads the truth from tables; after each `connected` it reads
/// everything anew, since notifications sent meanwhile are lost.
package struct PostgresListener: Sendable {
    package enum Event: Sendable {
        /// The channels are being listened on, for the first time or again: read everything anew.
        case connected
        case notification(PostgresNotification)
        /// The connection is lost or could not be opened; another attempt follows by itself.
        case disconnected(PostgresError)
    }

    /// The events, for one consumer; of those it has not taken yet, only the newest `bufferLimit` are kept.
    ///
    /// The stream ends when ``run()`` does.
    package let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let settings: PostgresSettings
    private let channels: [String]
    private let bufferLimit: Int
    private let initialBackoff: Duration
    private let maxBackoff: Duration

    package init(
        _ settings: PostgresSettings, channels: [String], bufferLimit: Int = 256,
        initialBackoff: Duration = .milliseconds(50), maxBackoff: Duration = .seconds(10)
    ) {
        (events, continuation) = AsyncStream.makeStream(
            of: Event.self, bufferingPolicy: .bufferingNewest(max(bufferLimit, 1)))
        (self.settings, self.channels, self.bufferLimit) = (settings, channels, bufferLimit)
        (self.initialBackoff, self.maxBackoff) = (initialBackoff, maxBackoff)
    }

    /// Listens until the task is cancelled.
    package func run() async {
        defer { continuation.finish() }
        var backoff = Backoff(initial: initialBackoff, maximum: maxBackoff)
        while !Task.isCancelled {
            do {
                let connection = try await PostgresConnection.connect(settings)
                let notifications = try await connection.listen(to: channels, bufferLimit: bufferLimit)
                backoff.reset()
                continuation.yield(.connected)
                for await notification in notifications { continuation.yield(.notification(notification)) }
                let ending = await connection.ending
                await connection.close()
                if Task.isCancelled { return }
                continuation.yield(
                    .disconnected(ending ?? PostgresError(.connectionLost, "the listening connection was lost")))
            } catch {
                // Cancelled, or it could not be opened.
                guard let error = error as? PostgresError else { return }
                continuation.yield(.disconnected(error))
            }
            do { try await Task.sleep(for: backoff.next()) } catch { return }
        }
    }
}
