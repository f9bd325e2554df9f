import HTTPClient

/// Answers made without a server.
enum Reply {
    static func response(status: Int, headers: HTTPHeaders = [:], body: String = "") -> HTTPResponse {
        HTTPResponse(
            status: status, httpVersion: "1.1", headers: headers, body: Array(body.utf8), url: "http://127.0.0.1/",
            timing: .init(nameLookup: .zero, connected: .zero, firstByte: .zero, total: .zero, reusedConnection: false))
    }
}
