import Glibc
import Synchronization

/// Why a time zone could not be had.
package struct TimeZoneError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was asked for.
    package let identifier: String
    /// One sentence for people, with what to do.
    package let description: String
    /// Names that look like the one asked for, best first; empty when nothing does.
    package let suggestions: [String]
}

extension TimeZoneRules {
    /// The longest name accepted; the longest in the database has 32 characters.
    private static let longestName = 64
    private static let cache = Mutex<[String: ZoneData]>([:])

    /// The zone of an IANA name, `UTC` (or `Z`), or a fixed offset written `+09:00`.
    ///
    /// Reads the file once per process from `TZDIR`, else /usr/share/zoneinfo. Throws `TimeZoneError` for a name that is
    /// malformed or unknown, with the nearest known names, and for a file that cannot be read.
    package init(named name: String) throws(TimeZoneError) {
        if name == "UTC" || name == "Z" || name == "utc" {
            self = .utc
            return
        }
        if let first = name.utf8.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            var reader = DigitReader(name)
            guard let offset = reader.offset(), reader.atEnd else {
                throw TimeZoneError(
                    identifier: name,
                    description: "time zone \"\(name)\" is not an offset; write one such as +09:00, or an IANA name",
                    suggestions: [])
            }
            self = .fixed(offsetSeconds: offset)
            return
        }
        if let data = Self.cache.withLock({ $0[name] }) {
            self.init(identifier: name, data: data)
            return
        }
        self = try Self.load(name, directories: Self.directories())
        let loaded = data
        Self.cache.withLock { $0[name] = loaded }
    }

    /// Every zone name of the system, sorted; empty when the system has no zone files.
    package static func knownIdentifiers() -> [String] {
        for directory in directories() {
            let names = ZoneDirectory(path: directory).names()
            if !names.isEmpty { return names }
        }
        return []
    }

    static func directories() -> [String] {
        var directories = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]
        if let custom = getenv("TZDIR"), custom.pointee != 0 {
            directories.insert(String(cString: custom), at: 0)
        }
        return directories
    }

    /// Reads a zone's file from the first directory that has it.
    static func load(_ name: String, directories: [String]) throws(TimeZoneError) -> TimeZoneRules {
        guard isWellFormed(name) else {
            throw TimeZoneError(
                identifier: name,
                description:
                    "\"\(name.prefix(longestName))\" is not a time zone name; write one such as Asia/Seoul or UTC",
                suggestions: [])
        }
        for directory in directories {
            let path = directory + "/" + name
            guard let bytes = ZoneDirectory.readFile(path) else { continue }
            do throws(TZif.Malformed) {
                return TimeZoneRules(identifier: name, data: try TZif.parse(bytes))
            } catch {
                throw TimeZoneError(
                    identifier: name, description: "time zone \"\(name)\": the file \(path) \(error.reason)",
                    suggestions: [])
            }
        }
        if ["Etc/UTC", "GMT", "Etc/GMT", "Zulu", "UCT", "Universal"].contains(name) {
            // These need no data, and a system without zone files still has them.
            return TimeZoneRules(identifier: name, data: ZoneData(fixedOffset: 0, abbreviation: "UTC"))
        }
        let known = directories.lazy.map { ZoneDirectory(path: $0).names() }.first { !$0.isEmpty } ?? []
        guard !known.isEmpty else {
            throw TimeZoneError(
                identifier: name,
                description: "time zone \"\(name)\": no zone files in \(directories.joined(separator: " or ")); "
                    + "install the package tzdata or set TZDIR",
                suggestions: [])
        }
        let suggestions = nearest(to: name, in: known)
        let hint = suggestions.isEmpty ? "use an IANA name such as Asia/Seoul" : suggestions.joined(separator: ", ")
        throw TimeZoneError(
            identifier: name,
            description: "unknown time zone \"\(name)\"; " + (suggestions.isEmpty ? hint : "did you mean \(hint)?"),
            suggestions: suggestions)
    }

    /// Only what IANA names are made of: the name becomes a path, so no dots, no empty parts, no leading slash.
    private static func isWellFormed(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= longestName else { return false }
        guard !ZoneDirectory.notZones.contains(where: { name == $0 || name.hasPrefix($0 + "/") }) else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 4
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, isLetterOrDigit(first) else { return false }
                return part.utf8.allSatisfy { byte in
                    isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+")
                        || byte == UInt8(ascii: "-")
                }
            }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        let folded = byte | 0x20
        return (folded >= UInt8(ascii: "a") && folded <= UInt8(ascii: "z"))
            || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    }

    /// At most three names: the same in another case, the same city, or a few letters off.
    static func nearest(to name: String, in known: [String]) -> [String] {
        let wanted = Array(name.lowercased().utf8)
        let wantedCity = Array(wanted.split(separator: UInt8(ascii: "/")).last ?? [])
        var ranked: [(distance: Int, name: String)] = []
        for candidate in known {
            let whole = Array(candidate.lowercased().utf8)
            let city = Array(whole.split(separator: UInt8(ascii: "/")).last ?? [])
            let distance: Int
            if whole == wanted {
                distance = 0
            } else if city == wantedCity {
                distance = 1
            } else {
                let limit = max(1, min(3, wanted.count / 4))
                let found = min(
                    EditDistance.between(wanted, whole, limit: limit),
                    EditDistance.between(wantedCity, city, limit: limit) + 1)
                guard found <= limit else { continue }
                distance = found + 1
            }
            ranked.append((distance, candidate))
        }
        ranked.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return ranked.prefix(3).map(\.name)
    }
}
