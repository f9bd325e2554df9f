/// The rule in a TZif file's footer, a POSIX TZ string such as `EST5EDT,M3.2.0,M11.1.0`, with the extensions of RFC 8536
/// section 3.3.1 (hours from -167 to 167).
struct PosixZoneRule: Sendable, Equatable {
    /// A day of the year and a time on it.
    struct Change: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// `Mm.w.d`: the w-th weekday d (0 is Sunday) of month m; week 5 is the last one.
            case weekday(month: Int, week: Int, weekday: Int)
            /// `Jn`: day 1 to 365, 29 February not counted.
            case julian(Int)
            /// `n`: day 0 to 365, 29 February counted.
            case ordinal(Int)
        }
        var day: Day
        /// Seconds after local midnight; may be negative or past the day.
        var time: Int64
    }

    struct Daylight: Sendable, Equatable {
        var type: ZoneData.LocalType
        var begins: Change
        var ends: Change
    }

    var standard: ZoneData.LocalType
    var daylight: Daylight?

    /// Reads a TZ string; nil when it is malformed.
    init?(_ text: some Collection<UInt8>) {
        var reader = Reader(bytes: Array(text))
        guard let name = reader.name(), let west = reader.time(limit: 24) else { return nil }
        standard = ZoneData.LocalType(offset: -west, isDaylight: false, abbreviation: name)
        guard !reader.atEnd else { return }
        guard let daylightName = reader.name() else { return nil }
        var offset = -west + 3600
        if !reader.atEnd, !reader.isNext(",") {
            guard let west = reader.time(limit: 24) else { return nil }
            offset = -west
        }
        let type = ZoneData.LocalType(offset: offset, isDaylight: true, abbreviation: daylightName)
        if reader.atEnd {
            // POSIX leaves the default open; tzcode and glibc use the rule of the United States since 2007.
            daylight = Daylight(
                type: type, begins: Change(day: .weekday(month: 3, week: 2, weekday: 0), time: 7200),
                ends: Change(day: .weekday(month: 11, week: 1, weekday: 0), time: 7200))
            return
        }
        guard reader.take(","), let begins = reader.change(), reader.take(","), let ends = reader.change(), reader.atEnd
        else { return nil }
        daylight = Daylight(type: type, begins: begins, ends: ends)
    }

    /// When daylight time begins and ends in a year, in seconds since the epoch.
    ///
    /// Either may fall in a neighbouring year.
    func changes(of daylight: Daylight, year: Int) -> (begins: Int64, ends: Int64) {
        (
            Self.localSeconds(daylight.begins, year: year) - standard.offset,
            Self.localSeconds(daylight.ends, year: year) - daylight.type.offset
        )
    }

    private static func localSeconds(_ change: Change, year: Int) -> Int64 {
        let january = CivilDateTime.daysSinceEpoch(year: year, month: 1, day: 1)
        let day: Int
        switch change.day {
        case .ordinal(let number):
            day = january + number
        case .julian(let number):
            day = january + number - 1 + (CivilDateTime.isLeap(year: year) && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = CivilDateTime.daysSinceEpoch(year: year, month: month, day: 1)
            let offset = (weekday - CivilDateTime.weekday(daysSinceEpoch: first)).flooredRemainder(7) + (week - 1) * 7
            let length = CivilDateTime.daysIn(month: month, year: year)
            day = first + (offset >= length ? offset - 7 : offset)
        }
        return Int64(day) * 86_400 + change.time
    }
}

/// A cursor over a TZ string.
private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var atEnd: Bool { position == bytes.count }

    func isNext(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    /// At least three letters, or anything between angle brackets.
    mutating func name() -> String? {
        let quoted = take("<")
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            let isLetter = (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
            let isOther =
                (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-")
            guard isLetter || (quoted && isOther) else { break }
            position += 1
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        if quoted, !take(">") { return nil }
        return name.utf8.count >= 3 ? name : nil
    }

    mutating func number() -> Int? {
        var value: Int?
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            let next = (value ?? 0) * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            guard next < 100_000 else { return nil }
            value = next
            position += 1
        }
        return value
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(limit: Int) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hours = number(), hours <= limit else { return nil }
        var total = Int64(hours) * 3600
        if take(":") {
            guard let minutes = number(), minutes < 60 else { return nil }
            total += Int64(minutes) * 60
            if take(":") {
                guard let seconds = number(), seconds < 60 else { return nil }
                total += Int64(seconds)
            }
        }
        return sign * total
    }

    mutating func change() -> PosixZoneRule.Change? {
        let day: PosixZoneRule.Change.Day
        if take("M") {
            guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                (1...5).contains(week), take("."), let weekday = number(), (0...6).contains(weekday)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if take("J") {
            guard let number = number(), (1...365).contains(number) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(), (0...365).contains(number) else { return nil }
            day = .ordinal(number)
        }
        guard take("/") else { return PosixZoneRule.Change(day: day, time: 7200) }
        guard let time = time(limit: 167) else { return nil }
        return PosixZoneRule.Change(day: day, time: time)
    }
}
