import Mustache

/// HTML under construction: markup goes in as it is, everything else escaped.
struct HTMLText {
    private(set) var html = ""

    /// Markup of our own; never a value.
    mutating func markup(_ text: StaticString) {
        text.withUTF8Buffer { html += String(decoding: $0, as: UTF8.self) }
    }

    /// A value, escaped for element content and quoted attributes alike.
    mutating func value(_ text: String) { Self.escape(text, into: &html) }

    mutating func value(_ number: Int) { html += String(number) }

    /// HTML that was built the same way.
    mutating func append(_ other: HTMLText) { html += other.html }

    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        escape(text, into: &result)
        return result
    }

    /// Byte by byte, not by `Character`: a quote followed by a combining accent is one character and still ends an
    /// attribute.
    private static func escape(_ text: String, into result: inout String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            case 0: bytes += "\u{FFFD}".utf8
            default: bytes.append(byte)
            }
        }
        result += String(decoding: bytes, as: UTF8.self)
    }
}

/// How templates escape values.
///
/// The library's own escaping goes by `Character` and so lets a quote with a combining accent through (swift-mustache
/// 2.1.1).
struct SafeContentType: MustacheContentType {
    /// The pragma that every template, partials included, has to begin with.
    static let pragma = "{{% CONTENT_TYPE:SAFE_HTML}}"

    func escapeText(_ text: String) -> String { HTMLText.escaped(text) }

    static func register() { MustacheContentTypes.register(SafeContentType(), named: "SAFE_HTML") }
}
