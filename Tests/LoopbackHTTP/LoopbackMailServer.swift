import Glibc
import Synchronization

/// A mail as the loopback server took it.
package struct LoopbackMail: Sendable {
    package var from: String
    package var recipients: [String]
    /// Header and body as they came, dots unstuffed.
    package var text: String
    /// What was given to AUTH PLAIN, as it came; nil without.
    package var authorization: String?
}

/// A small SMTP server on 127.0.0.1 for tests: one thread a connection; no TLS.
package final class LoopbackMailServer: Sendable {
    package var port: Int { listener.port }
    /// Every mail, once it is taken.
    package let mails: AsyncStream<LoopbackMail>

    private let listener: LoopbackListener
    private let source: AsyncStream<LoopbackMail>.Continuation
    private let refusals: Mutex<[String: String]>
    private let isStopped = Mutex(false)

    /// Listens on a free port; throws when that fails.
    ///
    /// `refusals` are answers by the command they answer, such as `RCPT` to `550 nobody here`.
    package init(refusals: [String: String] = [:]) throws {
        self.refusals = Mutex(refusals)
        (mails, source) = AsyncStream.makeStream(of: LoopbackMail.self)
        listener = try LoopbackListener()
        listener.start { connection in
            self.serve(connection)
            close(connection)
        }
    }

    /// Takes everything from now on.
    package func relent() { refusals.withLock { $0 = [:] } }

    package func stop() {
        let isFirst = isStopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        if isFirst { listener.stop() }
        source.finish()
    }

    private func serve(_ connection: Int32) {
        var lines = LineReader(connection: connection)
        func say(_ text: String) {
            let bytes = Array("\(text)\r\n".utf8)
            _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        say("220 loopback")
        var mail = LoopbackMail(from: "", recipients: [], text: "")
        while let line = lines.next() {
            let verb = String(line.prefix(4)).uppercased()
            if let refusal = refusals.withLock({ $0[verb] }) {
                say(refusal)
                continue
            }
            switch verb {
            case "EHLO":
                say("250-loopback")
                say("250 AUTH PLAIN")
            case "AUTH":
                var secret: String? = String(line.dropFirst(11))
                if secret?.isEmpty != false {
                    say("334 ")
                    secret = lines.next()
                }
                mail.authorization = secret
                say("235 come in")
            case "MAIL":
                mail.from = String(line.dropFirst(10))
                say("250 ok")
            case "RCPT":
                mail.recipients.append(String(line.dropFirst(8)))
                say("250 ok")
            case "DATA":
                say("354 go on")
                var text: [String] = []
                while let line = lines.next(), line != "." {
                    text.append(line.hasPrefix("..") ? String(line.dropFirst()) : line)
                }
                mail.text = text.joined(separator: "\n")
                source.yield(mail)
                say("250 taken")
                mail = LoopbackMail(from: "", recipients: [], text: "", authorization: mail.authorization)
            case "QUIT":
                say("221 bye")
                return
            default: say("250 ok")
            }
        }
    }
}

/// Lines of a connection, without their ends.
private struct LineReader {
    let connection: Int32
    private var buffer: [UInt8] = []

    init(connection: Int32) { self.connection = connection }

    mutating func next() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = buffer[..<end].filter { $0 != 13 }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = recv(connection, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }
}
