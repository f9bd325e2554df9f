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

    private let listener: Int32
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
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 256) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard listener >= 0, isBound else { throw StartFailure(errorNumber: errno) }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Self.thread { self.acceptConnections() }
    }

    /// Ends every connection and frees the port.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        arrivalSource.finish()
        departureSource.finish()
    }

    private func acceptConnections() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                close(listener)
                return
            }
            // A child that another test starts must not keep the connection open.
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            let number: Int? = state.withLock { state in
                guard !state.isStopped else { return nil }
                state.connections.insert(connection)
                state.connectionCount += 1
                return state.connectionCount
            }
            guard let number else {
                close(connection)
                continue
            }
            Self.thread { self.serve(connection, number) }
        }
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

    static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Job: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let job = Unmanaged.passRetained(Job(body)).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { job in
                guard let job else { return nil }
                Unmanaged<Job>.fromOpaque(job).takeRetainedValue().body()
                return nil
            }, job)
        if code == 0 { pthread_detach(thread) } else { Unmanaged<Job>.fromOpaque(job).release() }
    }
}
