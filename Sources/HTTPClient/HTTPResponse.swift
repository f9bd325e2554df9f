/// A complete answer of a server, whatever its status: 404 and 500 are answers, not errors of the client.
package struct HTTPResponse: Sendable {
    /// How long the parts of an exchange took, each measured from its start.
    package struct Timing: Sendable, Hashable {
        /// Until the name was resolved.
        package var nameLookup: Duration
        /// Until the TCP connection stood; zero when an open connection was used again.
        package var connected: Duration
        /// Until the answer's first byte.
        package var firstByte: Duration
        /// Until the end.
        package var total: Duration
        /// No new connection was needed.
        package var reusedConnection: Bool

        /// A timing.
        package init(
            nameLookup: Duration, connected: Duration, firstByte: Duration, total: Duration, reusedConnection: Bool
        ) {
            self.nameLookup = nameLookup
            self.connected = connected
            self.firstByte = firstByte
            self.total = total
            self.reusedConnection = reusedConnection
        }
    }

    /// The status code, 100 to 599.
    package var status: Int
    /// "1.0", "1.1", "2" or "3".
    package var httpVersion: String
    /// The fields of the last response, redirects left out; trailers come at the end.
    package var headers: HTTPHeaders
    /// The body, decompressed.
    package var body: [UInt8]
    /// The address that answered, after redirects, with secrets masked.
    package var url: String
    /// How long it took.
    package var timing: Timing

    /// An answer, for tests and for evidence put together elsewhere.
    package init(status: Int, httpVersion: String, headers: HTTPHeaders, body: [UInt8], url: String, timing: Timing) {
        self.status = status
        self.httpVersion = httpVersion
        self.headers = headers
        self.body = body
        self.url = url
        self.timing = timing
    }

    /// True for 200 to 299.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    package var text: String { String(decoding: body, as: UTF8.self) }
}
