package import PostgresClient

/// URLs of the project's own database.
package enum DatabaseURL {
    /// The same database under another role.
    package static func url(_ owner: PostgresSettings, user: String, password: String) -> String {
        var text = "postgresql://\(encoded(user)):\(encoded(password))@"
        var query: [String] = []
        if let host = owner.host {
            // A socket's folder cannot stand where a host name does.
            if host.hasPrefix("/") { query.append("host=\(encoded(host))") } else { text += encoded(host) }
        }
        if let port = owner.port { text += ":\(port)" }
        text += "/" + encoded(owner.database ?? "")
        for (name, value) in owner.options.sorted(by: { $0.key < $1.key }) {
            query.append("\(encoded(name))=\(encoded(value))")
        }
        return query.isEmpty ? text : text + "?" + query.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
