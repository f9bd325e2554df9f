/// One HTTP request.
package struct HTTPRequest: Sendable {
    /// An HTTP method; any token is allowed, as APIs invent their own.
    package struct Method: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        package init(stringLiteral value: String) {
            rawValue = value
        }

        package static let get: Self = "GET"
        package static let head: Self = "HEAD"
        package static let post: Self = "POST"
        package static let put: Self = "PUT"
        package static let patch: Self = "PATCH"
        package static let delete: Self = "DELETE"
    }

    package var method: Method
    /// An absolute http or https URL, already percent-encoded. A fragment is not sent.
    package var url: String
    /// Fields to send besides those of the client (User-Agent, Accept-Encoding, Host); a field given here replaces the
    /// client's. `Origin` is refused: exchanges throttle requests that carry one to one in ten seconds.
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The longest time for name lookup, TCP and TLS together.
    package var connectTimeout: Duration
    /// The longest time for the whole exchange, connecting and redirects included.
    package var timeout: Duration
    /// The largest body accepted, counted after decompression; one byte more is an error of kind `tooLarge`.
    package var maximumResponseBytes: Int
    /// How many redirects are followed; 0 returns the redirect itself. One more is an error of kind `tooManyRedirects`.
    /// Authorization and Cookie are not repeated to another host.
    package var maximumRedirects: Int

    package init(
        _ method: Method = .get,
        url: String,
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        connectTimeout: Duration = .seconds(10),
        timeout: Duration = .seconds(30),
        maximumResponseBytes: Int = 32 * 1024 * 1024,
        maximumRedirects: Int = 0
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.maximumResponseBytes = maximumResponseBytes
        self.maximumRedirects = maximumRedirects
    }
}
