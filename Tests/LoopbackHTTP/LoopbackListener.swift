import Glibc

/// A socket of 127.0.0.1 that listens on a free port, with one thread for each connection.
struct LoopbackListener: Sendable {
    let port: Int

    private let socket: Int32

    /// Throws when the system has no port left.
    init() throws(LoopbackServer.StartFailure) {
        (socket, port) = try Self.bound(listening: true)
    }

    /// A socket on a free port of 127.0.0.1.
    ///
    /// One that does not listen keeps the port from others while the kernel answers connections with a reset.
    static func bound(listening: Bool) throws(LoopbackServer.StartFailure) -> (socket: Int32, port: Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 && (!listening || listen(socket, 256) == 0)
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard socket >= 0, isBound else { throw LoopbackServer.StartFailure(errorNumber: errno) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Hands each connection to `serve` on a thread of its own; `serve` closes it.
    func start(_ serve: @escaping @Sendable (Int32) -> Void) {
        let socket = socket
        Self.thread {
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(socket)
                    return
                }
                // A child that another test starts must not keep the connection open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                Self.thread { serve(connection) }
            }
        }
    }

    /// Takes no more connections and frees the port.
    ///
    /// At most once: the system may have given the number away again.
    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
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
