import CLibCurl

/// What the client needs to know of a URL; the parsing is libcurl's own, so that nobody reads it differently.
struct ParsedURL {
    let host: String
    let isTLS: Bool

    /// The host is this machine.
    var isLoopback: Bool {
        host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
    }

    /// Throws `badURL` unless the text is an absolute http or https URL.
    init(request: HTTPRequest) throws(HTTPClientError) {
        func refuse(_ reason: String) -> HTTPClientError {
            HTTPClientError(
                .badURL, method: request.method.rawValue, url: request.url, reason: reason,
                advice: "give an absolute URL such as https://example.org/path?name=value")
        }
        guard let parser = curl_url() else { throw refuse("out of memory") }
        defer { curl_url_cleanup(parser) }
        // C strings end at a NUL: libcurl would ask for a shorter URL than the one shown.
        guard !request.url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw refuse("a URL has no spaces or control characters")
        }
        let code = curl_url_set(parser, CURLUPART_URL, request.url, 0)
        guard code == CURLUE_OK else {
            throw refuse("not an absolute URL (\(String(cString: curl_url_strerror(code))))")
        }
        let scheme = Self.part(CURLUPART_SCHEME, of: parser) ?? ""
        guard scheme == "http" || scheme == "https" else {
            throw refuse("the scheme is \"\(scheme)\", and only http and https are spoken")
        }
        guard let host = Self.part(CURLUPART_HOST, of: parser), !host.isEmpty else { throw refuse("there is no host") }
        self.host = host
        isTLS = scheme == "https"
    }

    private static func part(_ part: CURLUPart, of parser: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parser, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

/// Refuses requests that would not arrive as meant.
enum RequestCheck {
    /// Throws `invalidRequest`.
    static func check(_ request: HTTPRequest) throws(HTTPClientError) {
        func refuse(_ reason: String, _ advice: String) -> HTTPClientError {
            HTTPClientError(
                .invalidRequest, method: request.method.rawValue, url: request.url, reason: reason, advice: advice)
        }
        guard isToken(request.method.rawValue) else {
            throw refuse("\"\(request.method.rawValue)\" is not an HTTP method", "use GET, POST or the like")
        }
        guard request.connectTimeout > .zero, request.timeout > .zero else {
            throw refuse("a timeout is not positive", "give one of a millisecond or more")
        }
        guard request.maximumResponseBytes >= 0, request.maximumRedirects >= 0 else {
            throw refuse("a limit is negative", "give zero or more")
        }
        for field in request.headers {
            guard isToken(field.name) else {
                throw refuse("\"\(field.name)\" is not a header name", "use letters, digits and hyphens")
            }
            // A line break would let a value add header fields of its own.
            guard !field.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                throw refuse("the value of header \(field.name) contains a line break", "remove it")
            }
        }
        guard request.headers["Origin"] == nil else {
            throw refuse(
                "an Origin header is never sent, since exchanges throttle such requests", "leave Origin out")
        }
    }

    private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: tokenMarks.contains(byte)
                }
            }
    }
}
