/// A ws or wss address taken apart.
struct WebSocketURL: Sendable, Hashable {
    let isSecure: Bool
    /// A name or an address, IPv6 without its brackets.
    let host: String
    let port: Int
    /// Path and query, at least "/".
    let target: String
    /// The address without its query, for messages: a query may hold a key.
    let shown: String

    /// Throws `badURL` with what is wrong.
    init(_ text: String) throws(WebSocketError) {
        func refuse(_ reason: String) -> WebSocketError {
            let shown = String(text.prefix { $0 != "?" })
            return WebSocketError(.badURL, url: shown, reason: reason, advice: "give one such as wss://host/path")
        }
        let rest: Substring
        if text.lowercased().hasPrefix("wss://") {
            (isSecure, rest) = (true, text.dropFirst(6))
        } else if text.lowercased().hasPrefix("ws://") {
            (isSecure, rest) = (false, text.dropFirst(5))
        } else {
            throw refuse("not an address that begins with ws:// or wss://")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw refuse("a space, a control character or a letter beyond ASCII in the address")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { throw refuse("a user's name does not belong into the address") }
        var port = isSecure ? 443 : 80
        var host = authority
        var afterHost: Substring = ""
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw refuse("a bracket is not closed") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            afterHost = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            afterHost = authority[colon...]
        }
        if !afterHost.isEmpty {
            guard afterHost.hasPrefix(":"), let number = UInt16(afterHost.dropFirst()), number > 0 else {
                throw refuse("\"\(afterHost)\" is not a port from 1 to 65535")
            }
            port = Int(number)
        }
        guard !host.isEmpty else { throw refuse("the host is missing") }
        self.host = String(host)
        self.port = port
        let path = rest[authority.endIndex...].prefix { $0 != "#" }
        target = path.hasPrefix("/") ? String(path) : "/" + path
        shown = String(text.prefix { $0 != "?" && $0 != "#" })
    }

    /// The Host field.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// An address rather than a name; such a host has no name to send in TLS.
    var isAddress: Bool {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
