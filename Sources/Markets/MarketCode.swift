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
        guard let hyphen = bytes.firstIndex(of: 0x2D) else { return false }
        return isCurrency(bytes[..<hyphen]) && isCurrency(bytes[(hyphen + 1)...])
    }

    private static func isCurrency(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        (1...16).contains(bytes.count)
            && bytes.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
    }
}
