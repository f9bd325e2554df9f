import Dispatch
import Glibc
import Synchronization

/// A sum that closures on any thread may add to.
final class Counter: Sendable {
    private let sum = Mutex(0)

    var value: Int { sum.withLock { $0 } }

    func add(_ number: Int) { sum.withLock { $0 += number } }

    func raise(to number: Int) { sum.withLock { $0 = max($0, number) } }
}

/// A TCP server that accepts and then says nothing.
final class SilentServer: Sendable {
    private let descriptor: Int32
    let port: Int
    private let stream: AsyncStream<Void>
    private let accepting: AsyncStream<Void>.Continuation

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard isBound else { throw ClusterError(description: "no listening socket") }
        port = Int(UInt16(bigEndian: address.sin_port))
        (stream, accepting) = AsyncStream.makeStream()
        // Ends when the socket is shut down.
        DispatchQueue.global().async { [accepting] in
            while accept(descriptor, nil, nil) >= 0 { accepting.yield() }
            accepting.finish()
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Waits until `count` connections have been accepted.
    func accepted(_ count: Int) async throws {
        var iterator = stream.makeAsyncIterator()
        for _ in 0..<count { _ = await iterator.next() }
    }
}
