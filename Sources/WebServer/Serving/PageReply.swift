import Execution

/// What a page answers.
struct PageReply: Sendable {
    enum Body: Sendable {
        case text(String)
        /// A log, sent piece by piece.
        case log(TaskLogReader)
    }

    var status: Int
    var contentType: String
    var body: Body
    /// Whether the answer never changes while the program runs.
    var isFixed = false
    /// Where else to look, for status 303.
    var location: String?

    var text: String {
        if case .text(let text) = body { text } else { "" }
    }

    static func html(_ text: String, status: Int = 200) -> PageReply {
        PageReply(status: status, contentType: "text/html; charset=utf-8", body: .text(text))
    }

    static func json(_ text: String, status: Int) -> PageReply {
        PageReply(status: status, contentType: "application/json; charset=utf-8", body: .text(text))
    }

    static func asset(_ text: String, _ contentType: String) -> PageReply {
        PageReply(status: 200, contentType: contentType, body: .text(text), isFixed: true)
    }

    /// The headers of every answer.
    ///
    /// Nothing comes from elsewhere, nothing runs inline, no other site may frame a page.
    var headers: [(name: String, value: String)] {
        var headers = [
            ("Content-Type", contentType),
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
                    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", isFixed ? "max-age=300" : "no-store"),
        ]
        if let location { headers.append(("Location", location)) }
        if status == 405 { headers.append(("Allow", "GET, HEAD")) }
        if status == 503 { headers.append(("Retry-After", "2")) }
        return headers
    }
}
