/// A connection's address in its parts, each as written: percent-encoding is still there.
package struct ConnectionAddress: Sendable {
    /// Nil when the address names nobody.
    package let login: Substring?
    package let password: Substring?
    /// Host and port.
    package let place: Substring
    /// With its leading slash; empty for none.
    package let path: Substring
    /// What stands behind the question mark.
    package let query: Substring

    init(_ connection: Connection) {
        let rest = connection.url.dropFirst(connection.scheme.count + 3)
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        let tail = rest[authorityEnd...]
        path = tail.prefix { $0 != "?" && $0 != "#" }
        query = tail.drop { $0 != "?" }.dropFirst().prefix { $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else {
            (login, password, place) = (nil, nil, authority)
            return
        }
        let user = authority[..<at]
        let colon = user.firstIndex(of: ":")
        login = user[..<(colon ?? user.endIndex)]
        password = colon.map { user[user.index(after: $0)...] }
        place = authority[authority.index(after: at)...]
    }

    /// The options behind the question mark: names decoded, values as written.
    package var options: [(name: String, value: Substring)] {
        query.split(separator: "&").map { item in
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (PercentEncoding.decoded(pair[0]), pair.count > 1 ? pair[1] : "")
        }
    }
}

/// `%41` in addresses.
package enum PercentEncoding {
    package static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = digit(rest[rest.startIndex]),
                let low = digit(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Letters, digits and `-_.~` stay as they are.
    package static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
