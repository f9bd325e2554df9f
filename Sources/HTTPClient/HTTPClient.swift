/// An HTTP client: libcurl's multi interface on one thread of its own, so that no Swift thread ever waits for a socket.
///
/// Connections are kept and used again; HTTP/2 is used where TLS offers it, gzip always. Any number of requests may be
/// under way; per host they share a bounded number of connections. Cancelling the calling task ends the transfer at once.
/// Proxies come from the usual environment variables, but never for loopback addresses.
package final class HTTPClient: Sendable {
    /// Settings of a client.
    package struct Configuration: Sendable {
        /// The User-Agent field of every request without one of its own.
        package var userAgent: String
        /// Connections to one host at a time; further requests wait for one, within their timeout.
        package var maximumConnectionsPerHost: Int
        /// Idle connections kept for later requests.
        package var maximumIdleConnections: Int

        package init(
            version: String = "0.1.0", maximumConnectionsPerHost: Int = 64, maximumIdleConnections: Int = 64
        ) {
            userAgent = "cryptoflow/\(version)"
            self.maximumConnectionsPerHost = maximumConnectionsPerHost
            self.maximumIdleConnections = maximumIdleConnections
        }
    }

    private let engine: CurlEngine

    /// A client whose thread starts with its first request.
    package init(configuration: Configuration = Configuration()) {
        engine = CurlEngine(configuration: configuration)
    }

    deinit {
        // Nobody can be waiting here: a caller of `send` holds the client.
        engine.beginShutdown(grace: .zero)
    }

    /// Sends a request and returns the whole answer, whatever its status.
    ///
    /// Throws when there is no complete answer; cancellation is `HTTPClientError` of kind `cancelled`.
    package func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
        try await carryOut(try CurlTransfer(request: request))
    }

    /// Hands a mail to its server and returns when the server has taken it.
    ///
    /// - Throws: `HTTPClientError`; of kind `invalidRequest` for one that cannot be sent as it is, and of kind `refused` when
    ///   the server would not take it.
    package func send(_ mail: MailRequest) async throws(HTTPClientError) {
        try await carryOut(try MailTransfer(mail))
    }

    private func carryOut<Work: CurlWork>(_ work: Work) async throws(HTTPClientError) -> Work.Output {
        let engine = engine
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                work.continuation = continuation
                engine.submit(work)
            }
        } onCancel: {
            engine.cancel(work)
        }
        return try result.get()
    }

    /// Stops the client: new requests are refused, those under way may finish within `grace`, the rest is aborted with
    /// kind `shutDown`.
    ///
    /// Returns when the thread has ended; calling it again waits for the same end.
    package func shutDown(grace: Duration = .zero) async {
        engine.beginShutdown(grace: grace)
        await engine.waitForEnd()
    }
}
