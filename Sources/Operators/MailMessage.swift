import CivilTime
import Execution
import FoundationEssentials

/// A mail address with the name in front of it, if any: `Operations <ops@example.org>`.
struct MailAddress {
    let name: String
    /// Without anything that could end a header or a command.
    let address: String

    init(_ text: String) throws {
        let text = text.withoutBlanksAround
        var name = ""
        var address = text
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            name = String(text[..<open]).withoutBlanksAround
            address = String(text[text.index(after: open)...].dropLast()).withoutBlanksAround
        }
        if name.hasPrefix("\""), name.hasSuffix("\""), name.count >= 2 { name = String(name.dropFirst().dropLast()) }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"<>\"\\,;:".utf8.contains($0) })
        else {
            throw TaskFailure(
                "\"\(text.prefix(200))\" is not a mail address: expected one such as name@example.org",
                isRetryable: false)
        }
        self.name = name
        self.address = address
    }

    var header: String { name.isEmpty ? address : "\(MailMessage.encodedWords(name, isName: true)) <\(address)>" }
}

/// A mail as it goes over the wire (RFC 5322 and MIME): every text as base64 in UTF-8, so that no line is too long.
struct MailMessage {
    let from: MailAddress
    let to: [MailAddress]
    let cc: [MailAddress]
    let subject: String
    let text: String?
    let html: String?
    /// Names the notice: repeated deliveries have the same Message-ID.
    let key: String
    let headers: [String: String]
    let date: Timestamp

    /// Throws ``TaskFailure`` for a header that cannot be written.
    func bytes() throws -> [UInt8] {
        var lines = [
            "From: \(from.header)", "To: \(Self.folded(to))",
        ]
        if !cc.isEmpty { lines.append("Cc: \(Self.folded(cc))") }
        lines.append("Subject: \(Self.encodedWords(subject))")
        lines.append("Date: \(Self.dateText(date))")
        let domain = from.address.split(separator: "@").last ?? "localhost"
        let name = String(key.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "." })
        lines.append("Message-ID: <\(name)@\(domain)>")
        lines.append("Auto-Submitted: auto-generated")
        lines.append("MIME-Version: 1.0")
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            guard Self.isHeaderName(name) else {
                throw TaskFailure("custom_headers: \"\(name.prefix(60))\" is not a header's name", isRetryable: false)
            }
            lines.append("\(name): \(Self.encodedWords(value))")
        }
        switch (text, html) {
        case (let text?, let html?):
            let boundary = "=_\(name)"
            lines.append("Content-Type: multipart/alternative; boundary=\"\(boundary)\"")
            for part in [Self.part("text/plain", text), Self.part("text/html", html)] {
                lines += ["", "--\(boundary)"] + part
            }
            lines += ["", "--\(boundary)--"]
        case (nil, let html?): lines += Self.part("text/html", html)
        default: lines += Self.part("text/plain", text ?? "")
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private static func part(_ type: String, _ text: String) -> [String] {
        let encoded = Data(text.utf8).base64EncodedString(options: [])
        var lines = ["Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: base64", ""]
        var rest = encoded[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return lines
    }

    private static func folded(_ addresses: [MailAddress]) -> String {
        addresses.map(\.header).joined(separator: ",\r\n ")
    }

    /// A header's text: as it is when it is short, plain ASCII, else as encoded words (RFC 2047).
    ///
    /// A line break becomes a space, so that no text adds a header of its own.
    ///
    /// - Parameter isName: whether it stands before an address, where marks of punctuation have a meaning of their own.
    static func encodedWords(_ text: String, isName: Bool = false) -> String {
        let text = String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
        let isPlain = text.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && !(isName && "()<>[]:;@\\,.\"".utf8.contains($0))
        }
        if isPlain, text.utf8.count <= 60, !text.contains("=?") { return text }
        var words: [String] = []
        var chunk: [UInt8] = []
        for character in text {
            let bytes = Array(String(character).utf8)
            if !chunk.isEmpty, chunk.count + bytes.count > 42 {
                words.append(word(chunk))
                chunk = []
            }
            chunk += bytes
        }
        if !chunk.isEmpty { words.append(word(chunk)) }
        return words.joined(separator: "\r\n ")
    }

    private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Data(bytes).base64EncodedString())?=" }

    private static func isHeaderName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }

    /// Such as `Thu, 01 Jan 2026 00:00:00 +0000`.
    static func dateText(_ instant: Timestamp) -> String {
        let local = TimeZoneRules.utc.local(at: instant)
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let weekday = Int(((instant.seconds / 86_400) % 7 + 7) % 7)
        return "\(days[weekday]), \(two(local.day)) \(months[local.month - 1]) \(local.year) "
            + "\(two(local.hour)):\(two(local.minute)):\(two(local.second)) +0000"
    }
}

extension String {
    fileprivate var withoutBlanksAround: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
