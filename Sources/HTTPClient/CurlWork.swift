import CLibCurl

/// One piece of work on its way through libcurl: an HTTP request or a mail.
///
/// Handed over once under the engine's lock, and from then on touched by the engine's thread alone; only cancelling comes
/// from elsewhere.
protocol CurlWork: AnyObject, Sendable {
    /// What the caller gets.
    associatedtype Output: Sendable

    /// Who waits; nil once resumed.
    var continuation: CheckedContinuation<Result<Output, HTTPClientError>, Never>? { get set }

    var isCancelled: Bool { get }

    /// Notes that nobody waits any more; from any thread.
    func cancel()

    /// Makes the easy handle; nil when libcurl has no memory for one.
    func prepare(userAgent: String) -> UnsafeMutableRawPointer?

    /// Turns libcurl's verdict into the caller's result.
    func finish(code: CURLcode)

    /// Resumes the caller with a failure, as ``finish(_:)`` does.
    func finish(_ kind: HTTPClientError.Kind, _ reason: String, advice: String)

    /// Frees the easy handle, which must have left the multi handle.
    func release()
}

extension CurlWork {
    /// Resumes the caller, the first time; later calls do nothing.
    func finish(_ result: Result<Output, HTTPClientError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }

    func finish(_ kind: HTTPClientError.Kind, _ reason: String) { finish(kind, reason, advice: "") }

    /// An easy handle with what every transfer sets; nil when libcurl has no memory for one.
    func makeHandle(
        errorText: UnsafeMutablePointer<CChar>, connectTimeout: Duration, timeout: Duration
    ) -> UnsafeMutableRawPointer? {
        guard let handle = curl_easy_init() else { return nil }
        cflow_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        cflow_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        cflow_curl_set_quick_exit(handle)
        cflow_curl_close_sockets_on_exec(handle)
        cflow_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connectTimeout.curlMilliseconds)
        cflow_curl_set_long(handle, CURLOPT_TIMEOUT_MS, timeout.curlMilliseconds)
        return handle
    }

    /// What libcurl says of a failure.
    func said(_ code: CURLcode, _ errorText: UnsafeMutablePointer<CChar>) -> String {
        let detail = String(cString: errorText)
        return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    }
}
