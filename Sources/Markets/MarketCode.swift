/// A market as QUOTE-BASE, for every exchange: `KRW-BTC` is bitcoin priced in won (Upbit's notation).
package struct MarketCode: Sendable, Hashable, Comparable, LosslessStringConvertible, Codable {
    /// The code, such as "KRW-BTC".
    package let description: String

    /// nil unless the text is two currencies of A–Z and 0–9, at most 16 characters each, joined by a hyphen.
    package init?(_ description: String) {
        var text = description
        guard text.withUTF8(Self.isValid) else { return nil }
        self.description = text
    }

    /// What a row's reader starts from; the field is required, so it never stays.
    static let unread = MarketCode(trusted: "")

    private init(trusted description: String) {
        self.description = description
    }

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard Self.isValid(bytes) else { return nil }
        description = String(decoding: bytes, as: UTF8.self)
    }

    /// The currency of the price: "KRW".
    package var quote: String { String(description.prefix { $0 != "-" }) }
    /// The currency traded: "BTC".
    package var base: String { String(description.drop { $0 != "-" }.dropFirst()) }

    package static func < (left: MarketCode, right: MarketCode) -> Bool {
        left.description < right.description
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let code = MarketCode(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a market such as KRW-BTC")
        }
        self = code
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var (length, isBase) = (0, false)
        for byte in bytes {
            if byte == 0x2D {
                guard !isBase, length > 0 else { return false }
                (length, isBase) = (0, true)
            } else {
                guard byte &- 0x41 < 26 || byte &- 0x30 < 10 else { return false }
                length += 1
                guard length <= 16 else { return false }
            }
        }
        return isBase && length > 0
    }
}
