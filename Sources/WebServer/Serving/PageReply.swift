import RunStore

/// What a page answers.
struct PageReply: Sendable {
    enum Body: Sendable {
        case text(String)
        /// A log, sent piece by piece.
        case log(TryLog)
        /// Server-sent events for as long as somebody listens.
        case events(LiveEventStream)
    }

    var status: Int
    var contentType: String
    var body: Body
    /// Whether the answer never changes while the program runs.
    var isFixed = false
    /// Where else to look, for status 303.
    var location: String?
    /// Names this very content; nil for what changes.
    var tag: String?

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

    /// The host's name is none of ours: see ``HostCheck``.
    static let foreignHost = PageReply(
        status: 421, contentType: "text/plain; charset=utf-8",
        body: .text("These pages are asked for as http://127.0.0.1 or http://localhost.\n"))

    /// A WebSocket's address, asked for without an upgrade.
    static let upgradeRequired = PageReply(
        status: 426, contentType: "text/plain; charset=utf-8", body: .text("This is a WebSocket: connect with ws://.\n")
    )

    /// A text that is the same until the program is another: asked for again with its tag, it is not sent again.
    static func document(_ text: String, _ request: PageRequest) -> PageReply {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a: it only has to tell versions apart
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let tag = "\"\(String(hash, radix: 16))\""
        var reply = PageReply.json(text, status: 200)
        if request.knownTag == tag { reply = PageReply(status: 304, contentType: reply.contentType, body: .text("")) }
        reply.isFixed = true
        reply.tag = tag
        return reply
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
        if let tag { headers.append(("ETag", tag)) }
        // A proxy that gathers what it passes on would hold events back.
        if case .events = body { headers.append(("X-Accel-Buffering", "no")) }
        if let location { headers.append(("Location", location)) }
        if status == 426 { headers.append(("Upgrade", "websocket")) }
        if status == 405 { headers.append(("Allow", "GET, HEAD")) }
        if status == 503 { headers.append(("Retry-After", "2")) }
        return headers
    }
}
