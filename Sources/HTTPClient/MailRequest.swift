/// One mail for one SMTP server.
package struct MailRequest: Sendable {
    /// How the connection is made private.
    package enum Security: Sendable {
        /// TLS from the first byte (`smtps`, usually port 465).
        case tls
        /// STARTTLS, without which nothing is sent.
        case startTLS
        /// Nothing: for servers of this machine.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    package var login: String?
    package var password: String?
    /// The sender's address alone.
    package var from: String
    /// The receivers' addresses alone, those of blind copies included.
    package var recipients: [String]
    /// Header and body, with CR LF at the ends of lines.
    package var message: [UInt8]
    package var connectTimeout: Duration
    package var timeout: Duration

    package init(
        host: String, port: Int, security: Security, login: String? = nil, password: String? = nil, from: String,
        recipients: [String], message: [UInt8], connectTimeout: Duration = .seconds(10),
        timeout: Duration = .seconds(30)
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.login = login
        self.password = password
        self.from = from
        self.recipients = recipients
        self.message = message
        self.connectTimeout = connectTimeout
        self.timeout = timeout
    }

    /// The server's address, as it may be shown.
    package var server: String {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return "\(security == .tls ? "smtps" : "smtp")://\(name):\(port)"
    }
}
