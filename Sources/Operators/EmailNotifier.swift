import CivilTime
import DAGModel
import Execution
import HTTPClient
import Templates

/// Airflow's SmtpNotifier: a mail.
struct EmailNotifier: Notifier {
    private let arguments: Arguments
    private let connection: ConnectionFacts
    private let id: String
    private let client: HTTPClient

    /// Throws ``TaskFailure`` for an argument or a connection it cannot use.
    init(arguments values: [String: JSONValue], connections: Connections, client: HTTPClient) throws {
        arguments = try Arguments(values, .emailNotifier)
        self.client = client
        id = try arguments.string("smtp_conn_id") ?? "smtp_default"
        do {
            connection = ConnectionFacts(try connections.connection(id))
        } catch {
            throw Arguments.failure("\(error)")
        }
        guard ["smtp", "smtps", "email"].contains(connection.type) else {
            throw Arguments.failure("the connection \"\(id)\" is \(connection.type), not smtp or smtps")
        }
    }

    func deliver(_ notice: Notice) async throws {
        guard let host = connection.host else { throw Arguments.failure("the connection \"\(id)\" names no host") }
        let (port, security) = transport
        let to = try addresses("to")
        let (cc, bcc) = (try addresses("cc"), try addresses("bcc"))
        guard !to.isEmpty else { throw Arguments.failure("the argument \"to\" names nobody") }
        let sender = try sender()
        let html = try arguments.string("html_content")
        let message = MailMessage(
            from: sender, to: to, cc: cc, subject: try arguments.string("subject") ?? notice.title,
            text: try arguments.string("text_content") ?? (html == nil ? notice.text : nil), html: html,
            key: notice.key, headers: try arguments.texts("custom_headers") ?? [:], date: .now())
        let mail = MailRequest(
            host: host, port: port, security: security, login: connection.login, password: connection.password,
            from: sender.address, recipients: (to + cc + bcc).map(\.address), message: try message.bytes(),
            timeout: try arguments.duration("timeout") ?? .seconds(30))
        do {
            try await client.send(mail)
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            throw TaskFailure(
                "the mail server \(host) of connection \"\(id)\": \(error.reason)"
                    + (error.advice.isEmpty ? "" : "; \(error.advice)"), isRetryable: error.isRetryable)
        }
    }

    /// `smtps`, or port 465, is TLS from the first byte; else STARTTLS, unless the connection says `disable_tls`.
    private var transport: (port: Int, security: MailRequest.Security) {
        func isSet(_ name: String) -> Bool {
            switch connection.extra[name] {
            case .bool(true)?, .int(1)?: true
            case .string(let text)?: ["true", "1", "yes"].contains(text.lowercased())
            default: false
            }
        }
        let isPlain = isSet("disable_tls")
        if connection.type == "smtps" || (connection.port == 465 && !isSet("disable_ssl")) {
            return (connection.port ?? 465, .tls)
        }
        return (connection.port ?? (isPlain ? 25 : 587), isPlain ? .none : .startTLS)
    }

    private func sender() throws -> MailAddress {
        let given =
            try arguments.string("from_email") ?? connection.extra["from_email"]?.stringValue ?? connection.login
        guard let given, given.contains("@") else {
            throw Arguments.failure(
                "no sender is named: give from_email, or add from_email to the connection \"\(id)\"")
        }
        return try MailAddress(given)
    }

    private func addresses(_ name: String) throws -> [MailAddress] {
        guard let value = arguments[name] else { return [] }
        let texts: [String]
        if let text = value.stringValue {
            texts = text.split { $0 == "," || $0 == ";" }.map(String.init)
        } else if let elements = value.arrayValue {
            texts = try elements.map { element in
                guard let text = element.stringValue else { throw arguments.mismatch(name, "a list of texts", element) }
                return text
            }
        } else {
            throw arguments.mismatch(name, "an address or a list of them", value)
        }
        return try texts.map { try MailAddress($0) }
    }
}
