import Glibc

/// A port of 127.0.0.1 that is taken and yet refuses every connection, for as long as the value lives.
package struct ClosedPort: ~Copyable {
    /// The address without a slash at its end.
    package let url: String

    private let socket: Int32

    /// Throws when the system has no port left.
    package init() throws {
        let (socket, port) = try LoopbackListener.bound(listening: false)
        self.socket = socket
        url = "http://127.0.0.1:\(port)"
    }

    deinit {
        close(socket)
    }
}
