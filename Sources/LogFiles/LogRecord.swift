package import CivilTime
import FoundationEssentials
package import Logging

/// One line of a log file.
///
/// On disk it is a JSON object: `{"time":"2026-11-26T23:15:30.123456Z","level":"info","label":…,"message":…,
/// "metadata":{…}}`, the time always with six digits after the point, so that lines can be compared without reading them.
package struct LogRecord: Sendable, Hashable {
    package let time: Timestamp
    package let level: Logger.Level
    package let label: String
    package let message: String
    package let metadata: [String: String]

    package init(
        time: Timestamp, level: Logger.Level, label: String, message: String, metadata: [String: String] = [:]
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    /// Longer messages and values are cut, so that a line stays a line.
    static let mostBytes = 16_384

    /// The line, with its end.
    package var line: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160 + message.utf8.count)
        bytes += "{\"time\":\"".utf8
        bytes += Self.fixedTime(time).utf8
        bytes += "\",\"level\":\"".utf8
        bytes += level.rawValue.utf8
        bytes += "\",\"label\":".utf8
        Self.quote(label, into: &bytes)
        bytes += ",\"message\":".utf8
        Self.quote(message, into: &bytes)
        if !metadata.isEmpty {
            bytes += ",\"metadata\":{".utf8
            for (place, key) in metadata.keys.sorted().enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.quote(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                Self.quote(metadata[key] ?? "", into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += "}\n".utf8
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a line; nil for what is none, such as one that a full disk cut short.
    package init?(line: some Sequence<UInt8>) {
        guard let shape = try? JSONDecoder().decode(Shape.self, from: Data(line)),
            let time = Timestamp(iso8601: shape.time), let level = Logger.Level(token: shape.level)
        else { return nil }
        self.init(
            time: time, level: level, label: shape.label, message: shape.message, metadata: shape.metadata ?? [:])
    }

    private struct Shape: Decodable {
        let time: String
        let level: String
        let label: String
        let message: String
        let metadata: [String: String]?
    }

    /// Always 27 characters.
    static func fixedTime(_ time: Timestamp) -> String {
        let text = time.iso8601
        return text.utf8.count == 20 ? String(text.dropLast()) + ".000000Z" : text
    }

    private static func quote(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var count = 0
        for scalar in text.unicodeScalars {
            count += 1
            if count > mostBytes {
                bytes += " …".utf8
                break
            }
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += "\\t".utf8
            case "\u{0}"..<" ":
                bytes += "\\u00\(scalar.value < 16 ? "0" : "1")\(String(scalar.value & 15, radix: 16))".utf8
            default: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
