/// How to connect to a running private cluster.
///
/// Its description never shows the password.
package struct ClusterAddress: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The superuser of every private cluster.
    package static let superuser = "cryptoflow"

    /// The folder that holds the socket.
    package let socketFolder: String
    /// The superuser's password.
    package let password: String

    init(socketFolder: String, password: String) {
        self.socketFolder = socketFolder
        self.password = password
    }

    /// A URL for libpq and psql, password included: `postgresql://cryptoflow:…@/name?host=…`, percent-encoded.
    package func url(database: String) -> String {
        let name = Self.encoded(database)
        return "postgresql://\(Self.superuser):\(Self.encoded(password))@/\(name)?host=\(Self.encoded(socketFolder))"
    }

    /// The socket's folder.
    package var description: String { "private cluster at \(socketFolder)" }
    /// The same as `description`.
    package var debugDescription: String { description }

    /// RFC 3986: everything but the unreserved characters is escaped.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }
}
