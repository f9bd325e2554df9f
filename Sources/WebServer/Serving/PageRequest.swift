/// What a page has to know of a request.
struct PageRequest: Sendable, Hashable {
    enum Method: Sendable, Hashable { case get, head, other }

    let method: Method
    /// The path's segments, decoded one by one, so that an id may hold a slash.
    let segments: [String]
    /// The query's parameters; the first of equal names counts.
    let query: [String: String]
    /// The `Host` header.
    let host: String?
    /// Whether only the part that changes is wanted.
    let wantsFragment: Bool
    /// The `If-None-Match` header.
    let knownTag: String?

    /// Nil for a target that is no path, or has escapes that are no UTF-8.
    init?(method: Method, target: String, host: String?, wantsFragment: Bool = false, knownTag: String? = nil) {
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.count <= 8_192 else { return nil }
        let target = target.prefix { $0 != "#" }
        let path = target.prefix { $0 != "?" }
        var segments: [String] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let segment = Self.decoded(part, plusIsSpace: false) else { return nil }
            segments.append(segment)
        }
        var query: [String: String] = [:]
        for pair in target.dropFirst(path.count + 1).split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            guard let key = Self.decoded(name, plusIsSpace: true),
                let value = Self.decoded(pair.dropFirst(name.count + 1), plusIsSpace: true)
            else { return nil }
            if query[key] == nil { query[key] = value }
        }
        self.method = method
        self.segments = segments
        self.query = query
        self.host = host
        self.wantsFragment = wantsFragment
        self.knownTag = knownTag
    }

    /// A whole number from the query, kept within `range`; `fallback` when there is none.
    func number(_ name: String, in range: ClosedRange<Int>, otherwise fallback: Int) -> Int {
        guard let text = query[name], let number = Int(text) else { return fallback }
        return min(max(number, range.lowerBound), range.upperBound)
    }

    private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
