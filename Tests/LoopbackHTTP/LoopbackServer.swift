import Glibc
import Synchronization

/// A request as the loopback server read it.
package struct LoopbackRequest: Sendable {
    /// The method.
    package var method: String
    /// Path and query, as sent.
    package var target: String
    /// In the order sent.
    package var headers: [(name: String, value: String)]
    /// The body; empty without a Content-Length.
    package var body: [UInt8]
    /// Counts the server's connections, from 1.
    package var connection: Int

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What the server does to answer, in order.
package enum LoopbackStep: Sendable {
    case send([UInt8])
    /// Keeps the connection open and silent until the client leaves or the server stops.
    case hang
    /// Ends the connection with a TCP reset.
    case reset
    /// Ends the connection in order.
    case close

    /// A whole response with its length.
    package static func reply(
        _ status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = []
    ) -> LoopbackStep {
        var head = "HTTP/1.1 \(status) Status\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if status != 204 { head += "Content-Length: \(body.count)\r\n" }
        return .send(Array((head + "\r\n").utf8) + body)
    }

    /// A whole response with text.
    package static func reply(_ status: Int = 200, headers: [(String, String)] = [], text: String) -> LoopbackStep {
        reply(status, headers: headers, body: Array(text.utf8))
    }
}

/// A small HTTP/1.1 server on 127.0.0.1 for tests: one thread a connection, and every fault that a test asks for.
package final class LoopbackServer: Sendable {
    private struct State {
        var connections: Set<Int32> = []
        var connectionCount = 0
        var isStopped = false
    }

    /// The address without a slash at its end.
    package let url: String
    /// Every request on its arrival, before it is answered.
    package let requests: AsyncStream<LoopbackRequest>
    /// One element for each connection that the client has closed.
    package let departures: AsyncStream<Void>

    private let listener: LoopbackListener
    private let state = Mutex(State())
    private let answer: @Sendable (LoopbackRequest) -> [LoopbackStep]
    private let arrivalSource: AsyncStream<LoopbackRequest>.Continuation
    private let departureSource: AsyncStream<Void>.Continuation

    /// No port could be listened on.
    package struct StartFailure: Error {
        /// The system's error number.
        package let errorNumber: Int32
    }

    /// Listens on a free port; throws when that fails.
    ///
    /// `answer` is called on the connections' threads.
    package init(_ answer: @escaping @Sendable (LoopbackRequest) -> [LoopbackStep]) throws {
        self.answer = answer
        (requests, arrivalSource) = AsyncStream.makeStream(of: LoopbackRequest.self)
        (departures, departureSource) = AsyncStream.makeStream(of: Void.self)
        listener = try LoopbackListener()
        url = "http://127.0.0.1:\(listener.port)"
        listener.start { self.accept($0) }
    }

    /// Ends every connection and frees the port.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            listener.stop()
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        arrivalSource.finish()
        departureSource.finish()
    }

    private func accept(_ connection: Int32) {
        let number: Int? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.connections.insert(connection)
            state.connectionCount += 1
            return state.connectionCount
        }
        guard let number else {
            close(connection)
            return
        }
        serve(connection, number)
    }

    private func serve(_ connection: Int32, _ number: Int) {
        var stream = LoopbackStream(connection: connection)
        var isOpen = true
        while isOpen, let request = stream.request(number) {
            arrivalSource.yield(request)
            for step in answer(request) where isOpen {
                switch step {
                case .send(let bytes): isOpen = stream.send(bytes)
                case .hang:
                    stream.waitForEnd()
                    isOpen = false
                case .reset:
                    var linger = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(
                        connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                    isOpen = false
                case .close:
                    isOpen = false
                }
            }
        }
        // Under the lock, so that `stop` never touches a number that the system has given away again.
        state.withLock { state in
            state.connections.remove(connection)
            close(connection)
        }
        departureSource.yield()
    }
}
