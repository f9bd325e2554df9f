package import DAGModel
import Glibc

/// Texts that nobody may read in a log or on a screen, and how they are covered: by `***`.
///
/// Bytes are searched, not characters, so that logs of many megabytes take no longer than reading them.
package struct SecretMask: Sendable, Hashable {
    /// Longest first: a secret that holds another is covered whole.
    private var secrets: [[UInt8]] = []

    /// Covers nothing.
    package init() {}

    /// Covers the secrets of an environment: passwords and options of its connections, and variables whose names say that
    /// they are secret.
    ///
    /// - Parameter warehouseURL: of the program's own connection.
    package init(environment: [String: String], warehouseURL: String? = nil) {
        for secret in Connections(environment: environment, warehouseURL: warehouseURL).secrets { cover(secret) }
        for (name, text) in environment {
            guard let prefix = VariableName.prefixes.first(where: name.hasPrefix) else { continue }
            cover(variable: String(name.dropFirst(prefix.count)), text)
        }
    }

    /// Covers a text, also as it stands in a URL and in JSON.
    ///
    /// One of fewer than ``shortest`` bytes stays: covering it would leave nothing readable, and it is no secret.
    package mutating func cover(_ secret: String) {
        let quoted = JSONValue.string(secret).jsonText
        for form in Set([secret, PercentEncoding.encoded(secret), String(quoted.dropFirst().dropLast())]) {
            let bytes = Array(form.utf8)
            if bytes.count >= Self.shortest, !secrets.contains(bytes) { secrets.append(bytes) }
        }
        secrets.sort { $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count > $1.count }
    }

    /// Covers a variable's text, or what in it has a name that says so.
    package mutating func cover(variable name: String, _ text: String) {
        if SecretName.matches(name) { cover(text) }
        guard let value = try? JSONValue(parsing: text) else { return }
        for secret in SecretName.texts(in: value, isSecret: SecretName.matches(name)) { cover(secret) }
    }

    static let shortest = 3
    private static let stars = Array("***".utf8)

    package func masked(_ text: String) -> String {
        var text = text
        let masked = text.withUTF8 { self.masked($0) }
        return masked.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    package func masked(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBufferPointer { masked($0) } ?? bytes
    }

    /// The value with every text in it masked, names of members included.
    package func masked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(masked(text))
        case .array(let elements): .array(elements.map { masked($0) })
        case .object(let members):
            .object(
                Dictionary(members.map { (masked($0.key), masked($0.value)) }, uniquingKeysWith: { first, _ in first }))
        case .null, .bool, .int, .double: value
        }
    }

    /// Covers without changing the length: what the stars leave of a secret becomes zero bytes.
    package func maskedInPlace(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for secret in secrets {
            var offset = 0
            while let hit = bytes[offset...].firstRange(of: secret) {
                let filling = [UInt8](repeating: 0, count: secret.count - Self.stars.count)
                bytes.replaceSubrange(hit, with: Self.stars + filling)
                offset = hit.upperBound
            }
        }
        return bytes
    }

    /// The bytes of the longest of them; 0 when there is none.
    package var longest: Int { secrets.first?.count ?? 0 }

    /// How many bytes at the end may be the beginning of a secret.
    package func cutLength(of bytes: [UInt8]) -> Int {
        var longest = 0
        for secret in secrets {
            var length = min(secret.count - 1, bytes.count)
            while length > longest {
                if bytes.suffix(length).elementsEqual(secret.prefix(length)) { longest = length }
                length -= 1
            }
        }
        return longest
    }

    /// Nil when there is nothing to cover.
    private func masked(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        for secret in secrets {
            if let found = result {
                result = found.withUnsafeBufferPointer { Self.replace(secret, in: $0) } ?? found
            } else {
                result = Self.replace(secret, in: bytes)
            }
        }
        return result
    }

    private static func replace(_ secret: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let start = bytes.baseAddress, let first = secret.first else { return nil }
        var result: [UInt8]?
        // Up to `copied` the result has everything; the next place is looked for from `offset` on.
        var (copied, offset) = (0, 0)
        while bytes.count - offset >= secret.count,
            let hit = memchr(start + offset, Int32(first), bytes.count - offset - secret.count + 1)
        {
            offset = UnsafeRawPointer(start).distance(to: hit)
            guard memcmp(hit, secret, secret.count) == 0 else {
                offset += 1
                continue
            }
            if result == nil { result = [] }
            result?.append(contentsOf: bytes[copied..<offset])
            result?.append(contentsOf: stars)
            offset += secret.count
            copied = offset
        }
        result?.append(contentsOf: bytes[copied...])
        return result
    }
}

/// Names that say that what they name is secret.
///
/// Source: Airflow 3, `DEFAULT_SENSITIVE_FIELDS` of its secrets masker.
package enum SecretName {
    private static let words = [
        "access_key", "access_token", "api_key", "apikey", "authorization", "connection_string", "keyfile_dict",
        "passphrase", "passwd", "password", "private_key", "proxies", "proxy", "secret", "service_account", "token",
    ]

    package static func matches(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }

    /// The texts of a value that stand under such a name.
    static func texts(in value: JSONValue, isSecret: Bool = false) -> [String] {
        switch value {
        case .string(let text): isSecret ? [text] : []
        case .array(let elements): elements.flatMap { texts(in: $0, isSecret: isSecret) }
        case .object(let members):
            members.flatMap { texts(in: $0.value, isSecret: isSecret || matches($0.key)) }
        case .null, .bool, .int, .double: []
        }
    }
}

/// How the environment names what `var.value.NAME` reads.
package enum VariableName {
    /// The first wins.
    package static let prefixes = ["CRYPTOFLOW_VAR_", "AIRFLOW_VAR_"]

    /// The text of a variable; nil when the environment has none.
    package static func text(of name: String, in environment: [String: String]) -> String? {
        prefixes.lazy.compactMap { environment[$0 + name.uppercased()] }.first
    }
}
