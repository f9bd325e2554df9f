/// Why no usable answer came: what was asked of whom, what went wrong and what to do about it.
///
/// URLs in it are masked; header values and bodies never appear in the text.
package struct HTTPClientError: Error, Sendable, CustomStringConvertible {
    /// Kinds that a caller may react to.
    ///
    /// More may be added: keep a default.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The text is not an absolute http or https URL.
        case badURL
        /// The request cannot be sent as it is: a header with a line break, an `Origin`, a negative limit.
        case invalidRequest
        /// The host's name has no address.
        case resolve
        /// No TCP connection.
        case connect
        /// The time for connecting or for the whole exchange is over.
        case timeout
        /// The TLS handshake failed.
        case tls
        /// The server's certificate is not one to trust.
        case certificate
        /// The connection broke while sending or receiving.
        case reset
        /// The server closed the connection without an answer.
        case noReply
        /// The body ended before its announced length.
        case truncated
        /// The body is larger than the request allows.
        case tooLarge
        /// More redirects than allowed, or one to a scheme other than http and https.
        case tooManyRedirects
        /// The answer is not HTTP, or its compression is broken.
        case protocolError
        /// A mail server would not take the mail, or not from this sender.
        case refused
        /// The calling task was cancelled.
        case cancelled
        /// The client is shut down.
        case shutDown
        /// Anything else that libcurl reports.
        case other
    }

    /// What a caller may react to.
    package let kind: Kind
    /// The method of the request.
    package let method: String
    /// The masked URL.
    package let url: String
    /// What went wrong, in a sentence without a full stop.
    package let reason: String
    /// What to do about it; empty when there is nothing to advise.
    package let advice: String
    /// What had arrived of the answer, for evidence; only for `truncated`, `reset`, `timeout` and `tooLarge`.
    package let partialResponse: HTTPResponse?

    /// An error; the URL is masked here.
    package init(
        _ kind: Kind, method: String, url: String, reason: String, advice: String = "",
        partialResponse: HTTPResponse? = nil
    ) {
        self.kind = kind
        self.method = method
        self.url = MaskedURL.mask(url)
        self.reason = reason
        self.advice = advice
        self.partialResponse = partialResponse
    }

    /// The same request may well succeed a little later.
    package var isRetryable: Bool {
        switch kind {
        case .resolve, .connect, .timeout, .tls, .reset, .noReply, .truncated, .protocolError, .other: true
        case .refused, .badURL, .invalidRequest, .certificate, .tooLarge, .tooManyRedirects, .cancelled, .shutDown:
            false
        }
    }

    package var description: String {
        "\(method) \(url): \(reason)" + (advice.isEmpty ? "" : "; \(advice)")
    }
}
