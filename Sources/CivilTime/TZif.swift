/// The reader of compiled zone files, RFC 8536 (version 1 to 4).
///
/// Every count is checked against the file's length before it is used: a damaged file is an error, never a crash.
enum TZif {
    /// What is wrong with a file's bytes, as a clause that follows the file's name.
    struct Malformed: Error {
        let reason: String
    }

    static func parse(_ bytes: [UInt8]) throws(Malformed) -> ZoneData {
        var cursor = Cursor(bytes: bytes)
        let first = try Header(&cursor)
        guard first.version >= UInt8(ascii: "2") else { return try body(first, timeSize: 4, &cursor, hasFooter: false) }
        try cursor.skip(first.bodySize(timeSize: 4))
        let second = try Header(&cursor)
        return try body(second, timeSize: 8, &cursor, hasFooter: true)
    }

    private struct Header {
        let version: UInt8
        let utcCount, standardCount, leapCount, timeCount, typeCount, characterCount: Int

        init(_ cursor: inout Cursor) throws(Malformed) {
            guard try cursor.take(4) == Array("TZif".utf8)[...] else {
                throw Malformed(reason: "does not begin with \"TZif\"")
            }
            version = try cursor.take(1).first ?? 0
            try cursor.skip(15)
            utcCount = Int(try cursor.integer(4))
            standardCount = Int(try cursor.integer(4))
            leapCount = Int(try cursor.integer(4))
            timeCount = Int(try cursor.integer(4))
            typeCount = Int(try cursor.integer(4))
            characterCount = Int(try cursor.integer(4))
            let counts = [utcCount, standardCount, leapCount, timeCount, typeCount, characterCount]
            guard counts.allSatisfy({ (0...1_000_000).contains($0) }) else {
                throw Malformed(reason: "has an impossible count in its header")
            }
        }

        func bodySize(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + characterCount + leapCount * (timeSize + 4) + standardCount
                + utcCount
        }
    }

    private static func body(
        _ header: Header, timeSize: Int, _ cursor: inout Cursor, hasFooter: Bool
    ) throws(Malformed) -> ZoneData {
        guard header.leapCount == 0 else {
            throw Malformed(reason: "counts leap seconds (a \"right\" zone); use the ordinary file of that zone")
        }
        guard header.typeCount > 0 else { throw Malformed(reason: "has no local time types") }
        guard header.bodySize(timeSize: timeSize) <= cursor.remaining else { throw Malformed(reason: "is cut short") }
        var starts: [Int64] = []
        starts.reserveCapacity(header.timeCount)
        for _ in 0..<header.timeCount {
            let start = try cursor.integer(timeSize)
            guard starts.last.map({ $0 < start }) ?? true else { throw Malformed(reason: "has changes out of order") }
            starts.append(start)
        }
        let kinds = Array(try cursor.take(header.timeCount))
        guard kinds.allSatisfy({ Int($0) < header.typeCount }) else {
            throw Malformed(reason: "refers to a local time type it does not have")
        }
        var raw: [(offset: Int64, isDaylight: Bool, name: Int)] = []
        for _ in 0..<header.typeCount {
            let offset = try cursor.integer(4)
            guard abs(offset) <= 26 * 3600 else { throw Malformed(reason: "has an offset of more than 26 hours") }
            let flags = Array(try cursor.take(2))
            raw.append((offset, flags[0] != 0, Int(flags[1])))
        }
        let names = Array(try cursor.take(header.characterCount))
        var types: [ZoneData.LocalType] = []
        for type in raw {
            guard type.name < names.count else { throw Malformed(reason: "has an abbreviation outside its table") }
            let name = names[type.name...].prefix { $0 != 0 }
            types.append(
                ZoneData.LocalType(
                    offset: type.offset, isDaylight: type.isDaylight,
                    abbreviation: String(decoding: name, as: UTF8.self)))
        }
        try cursor.skip(header.standardCount + header.utcCount)
        var rule: PosixZoneRule?
        if hasFooter {
            guard try cursor.take(1).first == UInt8(ascii: "\n") else { throw Malformed(reason: "has no footer") }
            let footer = cursor.rest.prefix { $0 != UInt8(ascii: "\n") }
            if !footer.isEmpty {
                guard let parsed = PosixZoneRule(footer) else {
                    throw Malformed(reason: "has an unreadable rule \"\(String(decoding: footer, as: UTF8.self))\"")
                }
                rule = parsed
            }
        }
        return ZoneData(types: types, starts: starts, kinds: kinds, rule: rule)
    }

    private struct Cursor {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var remaining: Int { bytes.count - position }
        var rest: ArraySlice<UInt8> { bytes[position...] }

        mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
            guard count <= remaining else { throw Malformed(reason: "is cut short") }
            defer { position += count }
            return bytes[position..<position + count]
        }

        mutating func skip(_ count: Int) throws(Malformed) {
            _ = try take(count)
        }

        /// A signed big-endian integer of 4 or 8 bytes.
        mutating func integer(_ size: Int) throws(Malformed) -> Int64 {
            var value: UInt64 = 0
            for byte in try take(size) { value = value << 8 | UInt64(byte) }
            return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
        }
    }
}
