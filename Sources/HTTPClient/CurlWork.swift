import CLibCurl

/// One piece of work on its way through libcurl: an HTTP request or a mail.
///
/// Handed over once under the engine's lock, and from then on touched by the engine's thread alone; only cancelling comes
/// from elsewhere.
protocol CurlWork: AnyObject, Sendable {
    var isCancelled: Bool { get }

    /// Notes that nobody waits any more; from any thread.
    func cancel()

    /// Makes the easy handle; nil when libcurl has no memory for one.
    func prepare(userAgent: String) -> UnsafeMutableRawPointer?

    /// Turns libcurl's verdict into the caller's result.
    func finish(code: CURLcode)

    /// Resumes the caller, the first time; later calls do nothing.
    func finish(_ kind: HTTPClientError.Kind, _ reason: String, advice: String)

    /// Frees the easy handle, which must have left the multi handle.
    func release()
}

extension CurlWork {
    func finish(_ kind: HTTPClientError.Kind, _ reason: String) { finish(kind, reason, advice: "") }
}
