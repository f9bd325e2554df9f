/// A request's path and query, decoded as web servers do: `%xx` everywhere, `+` as a space in the query.
///
/// A client that sends `+09:00` without encoding the plus is thus refused here as it is by the real exchange.
struct RequestTarget: Sendable, Equatable {
    let path: String
    private let parameters: [String: String]

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = Self.decode(parts.first ?? "", plusIsSpace: false)
        var parameters: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decode(sides[0], plusIsSpace: true)
            // The first of two equal names wins.
            if parameters[name] == nil {
                parameters[name] = Self.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            }
        }
        self.parameters = parameters
    }

    /// A parameter's value; nil when it is absent or empty, which Upbit treats alike.
    func value(_ names: String...) -> String? {
        for name in names {
            if let value = parameters[name], !value.isEmpty { return value }
        }
        return nil
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let high = hex(rest[rest.startIndex]), let low = hex(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
