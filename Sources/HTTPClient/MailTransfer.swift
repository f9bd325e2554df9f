import CLibCurl
import Synchronization

/// One mail on its way through libcurl.
///
/// `@unchecked Sendable` for the same reason as ``CurlTransfer``.
final class MailTransfer: CurlWork, @unchecked Sendable {
    private let mail: MailRequest
    private let cancelled = Atomic<Bool>(false)
    var continuation: CheckedContinuation<Result<Void, HTTPClientError>, Never>?

    private var handle: UnsafeMutableRawPointer?
    private var recipients: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// How much of the message libcurl has taken.
    private var sent = 0

    /// Checks the mail; throws `invalidRequest`.
    init(_ mail: MailRequest) throws(HTTPClientError) {
        self.mail = mail
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        func refuse(_ reason: String, _ advice: String) -> HTTPClientError {
            HTTPClientError(.invalidRequest, method: "MAIL", url: mail.server, reason: reason, advice: advice)
        }
        guard !mail.host.isEmpty, !mail.host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == 0x2F }),
            (1...65_535).contains(mail.port)
        else { throw refuse("\"\(mail.host):\(mail.port)\" is not a server's address", "name a host and a port") }
        guard !mail.recipients.isEmpty else { throw refuse("the mail goes to nobody", "name a receiver") }
        for address in [mail.from] + mail.recipients where !Self.isAddress(address) {
            throw refuse("\"\(address)\" is not a mail address", "write one such as name@example.org")
        }
        guard mail.connectTimeout > .zero, mail.timeout > .zero else {
            throw refuse("a timeout is not positive", "give one of a millisecond or more")
        }
    }

    deinit {
        release()
        errorText.deallocate()
    }

    /// What may stand in an SMTP command without changing it.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 320
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\,;:".utf8.contains($0) }
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }

    func prepare(userAgent: String) -> UnsafeMutableRawPointer? {
        let made = makeHandle(errorText: errorText, connectTimeout: mail.connectTimeout, timeout: mail.timeout)
        guard let handle = made else { return nil }
        self.handle = handle
        let context = Unmanaged.passUnretained(self).toOpaque()
        cflow_curl_set_pointer(handle, CURLOPT_READDATA, context)
        cflow_curl_set_data_function(handle, CURLOPT_READFUNCTION, giveMessage)
        cflow_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, dropAnswer)
        cflow_curl_allow_mail_only(handle)
        cflow_curl_set_text(handle, CURLOPT_URL, mail.server)
        // A proxy of the environment is for the web.
        cflow_curl_set_text(handle, CURLOPT_NOPROXY, "*")
        let security = mail.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        cflow_curl_set_long(handle, CURLOPT_USE_SSL, Int(security.rawValue))
        if let login = mail.login {
            cflow_curl_set_text(handle, CURLOPT_USERNAME, login)
            cflow_curl_set_text(handle, CURLOPT_PASSWORD, mail.password ?? "")
        }
        cflow_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(mail.from)>")
        for address in mail.recipients {
            if let longer = curl_slist_append(recipients, "<\(address)>") { recipients = longer }
        }
        cflow_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
        cflow_curl_set_long(handle, CURLOPT_UPLOAD, 1)
        cflow_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count))
        return handle
    }

    func release() {
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        if let recipients { curl_slist_free_all(recipients) }
        recipients = nil
    }

    func finish(_ kind: HTTPClientError.Kind, _ reason: String, advice: String) {
        finish(.failure(HTTPClientError(kind, method: "MAIL", url: mail.server, reason: reason, advice: advice)))
    }

    func finish(code: CURLcode) {
        guard code != CURLE_OK else { return finish(.success(())) }
        let said = said(code, errorText)
        var status = 0
        if let handle { cflow_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status) }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            finish(.resolve, "the name \(mail.host) has no address (\(said))", advice: "check the connection's host")
        case CURLE_COULDNT_CONNECT:
            finish(
                .connect, "no connection to \(mail.host) port \(mail.port) (\(said))",
                advice: "check that the mail server runs and that a firewall lets the connection through")
        case CURLE_OPERATION_TIMEDOUT:
            finish(.timeout, "no end within \(mail.timeout.formatted) (\(said))", advice: "check the mail server")
        case CURLE_USE_SSL_FAILED:
            finish(
                .tls, "the server offers no STARTTLS (\(said))",
                advice: "add disable_tls=true to the connection if the way there is safe without")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            finish(.certificate, "the certificate of \(mail.host) is not to be trusted (\(said))", advice: "")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER:
            finish(
                .tls, "the TLS handshake failed (\(said))",
                advice: "check whether the port speaks TLS at once (smtps) or after STARTTLS (smtp)")
        case CURLE_LOGIN_DENIED:
            finish(.refused, "the server does not let the login in (\(said))", advice: "check login and password")
        case CURLE_SEND_ERROR where status >= 500, CURLE_RECV_ERROR where status >= 500,
            CURLE_WEIRD_SERVER_REPLY where status >= 500:
            finish(.refused, "the server refused the mail with \(status) (\(said))", advice: "")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING:
            finish(.reset, "the server did not take the mail (\(said))", advice: "")
        default:
            finish(.other, said, advice: "")
        }
    }

    /// Copies the next bytes of the message; 0 at its end.
    fileprivate func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, mail.message.count - sent)
        mail.message.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
        }
        sent += count
        return count
    }
}

/// libcurl's read callback.
private func giveMessage(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<MailTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.give(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

/// The server's words would go to standard output.
private func dropAnswer(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    size * count
}
