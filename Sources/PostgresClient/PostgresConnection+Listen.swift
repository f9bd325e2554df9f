import CLibPQ
import Dispatch
import Glibc

/// A NOTIFY that somebody sent.
package struct PostgresNotification: Sendable, Hashable {
    package let channel: String
    package let payload: String
    /// The sending server process.
    package let backendPID: Int32
}

/// The watch over a connection's socket while nothing else reads from it.
struct Listening {
    let number: UInt64
    let source: any DispatchSourceRead
    let continuation: AsyncStream<PostgresNotification>.Continuation
    /// How many notifications did not fit the stream's buffer.
    var dropped = 0

    func end() {
        source.cancel()
        continuation.finish()
    }
}

extension PostgresConnection {
    /// Listens on channels.
    ///
    /// The stream ends with the connection, or when its consumer ends it.
    ///
    /// A connection has one stream at a time; a second call ends the first one's and listens on both's channels.
    /// When the consumer is slow, the oldest notifications beyond `bufferLimit` are dropped: a notification should only
    /// wake, and the truth be in a table. Give a listener a connection of its own: while a statement runs, its
    /// notifications wait.
    package func listen(
        to channels: [String], bufferLimit: Int = 256
    ) async throws -> AsyncStream<PostgresNotification> {
        let list = channels.map { "LISTEN \(Self.quoted($0))" }.joined(separator: "; ")
        let handle = try usable(by: nil)
        // The source watches a duplicate: libpq closes its own descriptor when the connection ends, and the number
        // could belong to somebody else before the source is cancelled.
        let descriptor = dup(PQsocket(handle))
        guard descriptor >= 0 else {
            throw PostgresError(.misuse, "cannot listen: \(String(cString: strerror(errno)))")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(max(bufferLimit, 1)))
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        // @Sendable: the closure would inherit the actor's isolation otherwise, which is checked at run time.
        source.setEventHandler { @Sendable [weak self] in self?.assumeIsolated { $0.readNotifications() } }
        source.setCancelHandler { @Sendable in Glibc.close(descriptor) }
        let number = newNumber()
        continuation.onTermination = { @Sendable [weak self, queue] _ in
            queue.async { [weak self] in self?.assumeIsolated { $0.stopListening(number) } }
        }
        listening?.end()
        listening = Listening(number: number, source: source, continuation: continuation)
        source.resume()
        if !list.isEmpty {
            do {
                _ = try await script(list, timeout: nil, owner: nil)
            } catch {
                listening?.end()
                listening = nil
                throw error
            }
        }
        return stream
    }

    /// How many notifications the present stream has dropped because its consumer was slow.
    package var droppedNotifications: Int { listening?.dropped ?? 0 }

    private func readNotifications() {
        // The connection's own end comes as something to read, too.
        _ = checkAlive()
    }

    /// Ends the watch that the consumer of stream `number` no longer needs.
    private func stopListening(_ number: UInt64) {
        guard listening?.number == number else { return }
        listening?.end()
        listening = nil
    }

    /// Hands what libpq has read to the stream.
    func drainNotifications() {
        guard let handle else { return }
        while let notification = PQnotifies(handle) {
            defer { PQfreemem(notification) }
            guard listening != nil else { continue }
            let value = PostgresNotification(
                channel: String(cString: notification.pointee.relname),
                payload: String(cString: notification.pointee.extra), backendPID: notification.pointee.be_pid)
            if case .dropped = listening?.continuation.yield(value) { listening?.dropped += 1 }
        }
    }

    /// An SQL identifier.
    package static func quoted(_ identifier: String) -> String {
        var text = "\""
        for character in identifier.unicodeScalars where character != "\0" {
            if character == "\"" { text.append("\"") }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
