/// One HTTP request.
package struct HTTPRequest: Sendable {
    /// An HTTP method; any token is allowed, as APIs invent their own.
    package struct Method: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral {
        /// The token as it is sent.
        package let rawValue: String

        /// A method of any name; `HTTPClient.send` refuses one that is no token.
        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A method of any name.
        package init(stringLiteral value: String) {
            rawValue = value
        }

        /// Asks for a resource.
        package static let get: Self = "GET"
        /// Asks for the headers alone.
        package static let head: Self = "HEAD"
        /// Hands a body over.
        package static let post: Self = "POST"
        /// Replaces a resource.
        package static let put: Self = "PUT"
        /// Changes a resource.
        package static let patch: Self = "PATCH"
        /// Removes a resource.
        package static let delete: Self = "DELETE"
    }

    /// The method.
    package var method: Method
    /// An absolute http or https URL, already percent-encoded.
    ///
    /// A fragment is not sent.
    package var url: String
    /// Fields to send besides those of the client (User-Agent, Accept-Encoding, Host); a field given here replaces the
    /// client's.
    ///
    /// `Origin` is refused: exchanges throttle requests that carry one to one in ten seconds.
    package var headers: HTTPHeaders
    /// The body; empty sends none.
    package var body: [UInt8]
    /// The longest time for name lookup, TCP and TLS together.
    package var connectTimeout: Duration
    /// The longest time for the whole exchange, connecting and redirects included.
    package var timeout: Duration
    /// The largest body accepted, counted after decompression; one byte more is an error of kind `tooLarge`.
    package var maximumResponseBytes: Int
    /// How many redirects are followed; 0 returns the redirect itself.
    ///
    /// One more is an error of kind `tooManyRedirects`. Authorization and Cookie are not repeated to another host.
    package var maximumRedirects: Int

    /// A request; without more it asks for a resource and follows no redirect.
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
