import Dispatch
import Glibc

/// The smallest HTTP client that shows what is on the wire: one request, one connection, everything the other side sends.
struct LoopbackClient: Sendable {
    /// What came back before the connection ended.
    struct Answer: Sendable {
        var status: Int?
        var head = ""
        var body: [UInt8] = []
        /// The error that ended the reading, such as ECONNRESET; 0 for an orderly end.
        var errorNumber: Int32 = 0

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return parts[1].drop { $0 == " " }.description
                }
            }
            return nil
        }
    }

    let port: Int

    func get(_ target: String, headers: [String] = []) async -> Answer {
        await send("GET", target, headers: headers, body: "")
    }

    func send(_ method: String, _ target: String, headers: [String] = [], body: String) async -> Answer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"] + headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
        // On a thread of its own: a read that waits for the server must not hold a thread the server needs.
        return await withCheckedContinuation { continuation in
            DispatchQueue(label: "loopback client").async { continuation.resume(returning: exchange(request)) }
        }
    }

    private func exchange(_ request: [UInt8]) -> Answer {
        var answer = Answer()
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else {
            answer.errorNumber = errno
            return answer
        }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else {
            answer.errorNumber = errno
            return answer
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 { answer.errorNumber = errno }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let blank = Array("\r\n\r\n".utf8)
        if let end = bytes.indices.first(where: { bytes[$0...].starts(with: blank) }) {
            answer.head = String(decoding: bytes[..<end], as: UTF8.self)
            answer.body = Array(bytes[(end + 4)...])
            answer.status = answer.head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return answer
    }
}
