import CLibCurl
import Synchronization

/// One request on its way through libcurl.
///
/// `@unchecked Sendable`: it is built by one task, handed over once under the engine's lock, and from then on touched
/// by the engine's thread alone; only `cancelled`, an atomic, is set from elsewhere.
final class CurlTransfer: CurlWork, @unchecked Sendable {
    let request: HTTPRequest
    private let cancelled = Atomic<Bool>(false)
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>?

    private(set) var handle: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let url: ParsedURL
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    private var isTooLarge = false

    /// Checks the request; throws `badURL` or `invalidRequest`.
    init(request: HTTPRequest) throws(HTTPClientError) {
        self.request = request
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        url = try ParsedURL(request: request)
        try RequestCheck.check(request)
    }

    deinit {
        release()
        errorText.deallocate()
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }

    /// Makes the easy handle; nil when libcurl has no memory for one.
    func prepare(userAgent: String) -> UnsafeMutableRawPointer? {
        let made = makeHandle(
            errorText: errorText, connectTimeout: request.connectTimeout, timeout: request.timeout)
        guard let handle = made else { return nil }
        self.handle = handle
        let context = Unmanaged.passUnretained(self).toOpaque()
        cflow_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
        cflow_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        cflow_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, receiveBody)
        cflow_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        cflow_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, receiveHeader)
        cflow_curl_allow_http_only(handle)
        cflow_curl_set_text(handle, CURLOPT_URL, request.url)
        cflow_curl_set_text(handle, CURLOPT_USERAGENT, userAgent)
        cflow_curl_set_text(handle, CURLOPT_ACCEPT_ENCODING, "gzip")
        cflow_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if url.isTLS {
            // Wait for the connection being made rather than open a second: it will most likely be HTTP/2.
            cflow_curl_set_long(handle, CURLOPT_PIPEWAIT, 1)
        }
        if url.isLoopback { cflow_curl_set_text(handle, CURLOPT_NOPROXY, "*") }
        cflow_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, request.maximumRedirects > 0 ? 1 : 0)
        cflow_curl_set_long(handle, CURLOPT_MAXREDIRS, request.maximumRedirects)
        setMethodAndBody(handle)
        setHeaders(handle)
        return handle
    }

    private func setMethodAndBody(_ handle: UnsafeMutableRawPointer) {
        switch request.method {
        case .get where request.body.isEmpty:
            cflow_curl_set_long(handle, CURLOPT_HTTPGET, 1)
        case .head:
            cflow_curl_set_long(handle, CURLOPT_NOBODY, 1)
            return
        case .post:
            cflow_curl_set_long(handle, CURLOPT_POST, 1)
        default:
            cflow_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // A length announced beyond the limit ends the transfer before its body; the body's own count decides otherwise.
        cflow_curl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(max(request.maximumResponseBytes, 1)))
        guard !request.body.isEmpty || request.method == .post else { return }
        cflow_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        guard !request.body.isEmpty else {
            cflow_curl_set_text(handle, CURLOPT_COPYPOSTFIELDS, "")
            return
        }
        // libcurl copies the bytes, as many as the size above says; it does not write to them.
        request.body.withUnsafeBytes { bytes in
            _ = cflow_curl_set_pointer(
                handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
    }

    private func setHeaders(_ handle: UnsafeMutableRawPointer) {
        for field in request.headers {
            // libcurl's notation: "Name;" sends a field with an empty value.
            append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // Without a value after the colon libcurl leaves its own field out.
        if request.headers["Expect"] == nil { append("Expect:") }
        if request.headers["Content-Type"] == nil { append("Content-Type:") }
        cflow_curl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
    }

    private func append(_ line: String) {
        if let longer = curl_slist_append(headerList, line) { headerList = longer }
    }

    /// Frees the easy handle, which must have left the multi handle.
    func release() {
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        if let headerList { curl_slist_free_all(headerList) }
        headerList = nil
    }

    func finish(_ kind: HTTPClientError.Kind, _ reason: String, advice: String) {
        finish(.failure(error(kind, reason, advice: advice)))
    }

    /// Turns libcurl's verdict into the caller's result.
    func finish(code: CURLcode) {
        if code == CURLE_OK {
            finish(.success(response()))
        } else {
            finish(.failure(failure(code: code)))
        }
    }

    // MARK: - From libcurl

    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= request.maximumResponseBytes else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    fileprivate func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self)
        guard !line.hasPrefix("HTTP/") else {
            // A status line begins a new response: what came before was a redirect or an interim answer.
            headers = HTTPHeaders()
            body.removeAll(keepingCapacity: true)
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...]
        headers.add(String(line[..<colon]).trimmingWhitespace(), String(value).trimmingWhitespace())
    }

    private func response() -> HTTPResponse {
        var version = "1.1"
        switch number(CURLINFO_HTTP_VERSION) {
        case Int(CURL_HTTP_VERSION_1_0): version = "1.0"
        case Int(CURL_HTTP_VERSION_2_0): version = "2"
        case Int(CURL_HTTP_VERSION_3): version = "3"
        default: break
        }
        let timing = HTTPResponse.Timing(
            nameLookup: duration(CURLINFO_NAMELOOKUP_TIME_T), connected: duration(CURLINFO_CONNECT_TIME_T),
            firstByte: duration(CURLINFO_STARTTRANSFER_TIME_T), total: duration(CURLINFO_TOTAL_TIME_T),
            reusedConnection: number(CURLINFO_NUM_CONNECTS) == 0)
        return HTTPResponse(
            status: number(CURLINFO_RESPONSE_CODE), httpVersion: version, headers: headers, body: body,
            url: MaskedURL.mask(text(CURLINFO_EFFECTIVE_URL) ?? request.url), timing: timing)
    }

    private func failure(code: CURLcode) -> HTTPClientError {
        if isTooLarge || code == CURLE_FILESIZE_EXCEEDED {
            return error(
                .tooLarge, "the answer is larger than the limit of \(request.maximumResponseBytes) bytes",
                advice: "raise the size limit or ask for less", partial: true)
        }
        let said = said(code, errorText)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return error(
                .resolve, "the name \(url.host) has no address (\(said))",
                advice: "check the spelling, the network and the name server")
        case CURLE_COULDNT_CONNECT:
            return error(
                .connect, "no connection to \(url.host) (\(said))",
                advice: "check that the server runs and that a firewall or proxy lets the connection through")
        case CURLE_OPERATION_TIMEDOUT:
            return timeoutFailure()
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return error(
                .certificate, "the certificate of \(url.host) is not to be trusted (\(said))",
                advice: "install ca-certificates, check this machine's clock, or find out who answers in its place")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED:
            return error(
                .tls, "the TLS handshake with \(url.host) failed (\(said))",
                advice: "check that the port speaks TLS 1.2 or newer")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            return error(.reset, "the connection broke (\(said))", advice: "try again", partial: true)
        case CURLE_GOT_NOTHING:
            return error(.noReply, "the server closed the connection without an answer", advice: "try again")
        case CURLE_PARTIAL_FILE:
            return error(
                .truncated, "the answer ended early, after \(body.count) bytes (\(said))", advice: "try again",
                partial: true)
        case CURLE_TOO_MANY_REDIRECTS:
            return error(
                .tooManyRedirects, "more than \(request.maximumRedirects) redirects",
                advice: "give the final address or allow more redirects")
        case CURLE_UNSUPPORTED_PROTOCOL where (300..<400).contains(number(CURLINFO_RESPONSE_CODE)):
            return error(.tooManyRedirects, "redirected to a scheme other than http and https (\(said))")
        case CURLE_URL_MALFORMAT:
            return error(.badURL, "not a URL that can be asked (\(said))")
        // libcurl calls text without a status line an unsupported protocol (HTTP 0.9).
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_HTTP3, CURLE_BAD_CONTENT_ENCODING:
            return error(
                .protocolError, "the answer is not valid HTTP (\(said))",
                advice: "check that the address and port are those of an HTTP server")
        default:
            return error(.other, said)
        }
    }

    private func timeoutFailure() -> HTTPClientError {
        let isConnected = number(CURLINFO_PRETRANSFER_TIME_T, offset: true) > 0
        let waited = duration(CURLINFO_TOTAL_TIME_T).formatted
        if isConnected {
            let received = body.isEmpty ? "no answer" : "only \(body.count) bytes"
            return error(
                .timeout, "\(received) within \(waited)",
                advice: "try again, or allow more than \(request.timeout.formatted)", partial: true)
        }
        return error(
            .timeout, "not connected within \(waited)",
            advice: "check the network, or allow more than \(min(request.connectTimeout, request.timeout).formatted)")
    }

    private func error(
        _ kind: HTTPClientError.Kind, _ reason: String, advice: String = "", partial: Bool = false
    ) -> HTTPClientError {
        let hasAnswer = partial && handle != nil && number(CURLINFO_RESPONSE_CODE) > 0
        return HTTPClientError(
            kind, method: request.method.rawValue, url: request.url, reason: reason, advice: advice,
            partialResponse: hasAnswer ? response() : nil)
    }

    // MARK: - Facts of the handle

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        if let handle { cflow_curl_get_long(handle, info, &value) }
        return value
    }

    private func number(_ info: CURLINFO, offset: Bool) -> Int64 {
        var value: curl_off_t = 0
        if let handle { cflow_curl_get_offset(handle, info, &value) }
        return Int64(value)
    }

    private func duration(_ info: CURLINFO) -> Duration {
        .microseconds(number(info, offset: true))
    }

    private func text(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        if let handle { cflow_curl_get_text(handle, info, &value) }
        return value.map { String(cString: $0) }
    }
}

/// libcurl's write callback; anything but the number of bytes given ends the transfer.
private func receiveBody(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

private func receiveHeader(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}
