import Glibc

/// A port of 127.0.0.1 that is taken and yet refuses every connection, for as long as the value lives.
package struct ClosedPort: ~Copyable {
    /// The address without a slash at its end.
    package let url: String

    private let socket: Int32

    /// Throws when the system has no port left.
    package init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Bound and never listening: nobody else gets the port, and the kernel answers with a reset.
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 && getsockname(socket, pointer, &length) == 0
            }
        }
        guard socket >= 0, isBound else { throw LoopbackServer.StartFailure(errorNumber: errno) }
        self.socket = socket
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit {
        close(socket)
    }
}
