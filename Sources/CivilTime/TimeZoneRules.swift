/// A time zone: which offset from UTC holds at each instant, from the system's zone files or fixed.
///
/// Two values are equal when their identifiers are. Values are small; the data behind a named zone is read once per
/// process and shared.
package struct TimeZoneRules: Sendable {
    /// The IANA name (`Asia/Seoul`), `UTC`, or a fixed offset (`+09:00`).
    package let identifier: String
    let data: ZoneData

    /// Coordinated Universal Time; needs no file.
    package static let utc = TimeZoneRules(identifier: "UTC", data: ZoneData(fixedOffset: 0, abbreviation: "UTC"))

    init(identifier: String, data: ZoneData) {
        self.identifier = identifier
        self.data = data
    }

    /// A zone with one offset forever, named like `+09:00`; the offset must be less than a day, else it is clamped.
    package static func fixed(offsetSeconds: Int) -> TimeZoneRules {
        let offset = min(max(offsetSeconds, -86_399), 86_399)
        guard offset != 0 else { return utc }
        var bytes: [UInt8] = []
        ISO8601.append(offset: offset, colon: true, to: &bytes)
        let name = String(decoding: bytes, as: UTF8.self)
        return TimeZoneRules(identifier: name, data: ZoneData(fixedOffset: Int64(offset), abbreviation: name))
    }

    /// Whether the offset never changes, so that no local time is missing or repeated.
    package var isFixed: Bool {
        let period = data.period(at: 0)
        return period.start == .min && period.end == .max
    }

    /// The period of constant offset that contains a second since the epoch.
    package func period(at second: Int64) -> ZonePeriod {
        data.period(at: second)
    }

    /// Seconds east of UTC at an instant.
    package func offset(at instant: Timestamp) -> Int {
        Int(data.period(at: instant.seconds).offset)
    }

    /// The abbreviation in use at an instant, such as `KST`; an offset like `+0330` where there is none.
    package func abbreviation(at instant: Timestamp) -> String {
        data.types[data.period(at: instant.seconds).type].abbreviation
    }

    /// Whether the zone's data calls the time at an instant daylight saving time.
    package func isDaylight(at instant: Timestamp) -> Bool {
        data.types[data.period(at: instant.seconds).type].isDaylight
    }

    /// What a clock in the zone shows at an instant.
    package func local(at instant: Timestamp) -> CivilDateTime {
        let second = instant.seconds
        return CivilDateTime(
            secondsAsUTC: second + data.period(at: second).offset, microsecond: instant.microsecondOfSecond)
    }

    /// The instants at which a clock in the zone shows `local`, in order: none in a gap, two in an overlap.
    package func instants(of local: CivilDateTime) -> [Timestamp] {
        let wanted = local.secondsAsUTC
        var found: [Timestamp] = []
        // No offset reaches 26 hours (the reader refuses such files), so other periods cannot show this time.
        var period = data.period(at: wanted - 26 * 3600)
        while true {
            let second = wanted - period.offset
            if second >= period.start, second < period.end {
                found.append(Timestamp(microseconds: second * 1_000_000 + Int64(local.microsecond)))
            }
            guard period.end <= wanted + 26 * 3600 else { return found }
            period = data.period(at: period.end)
        }
    }

    /// The one instant meant by a local time: the first pass of an overlap; in a gap, as far after it as the time is
    /// past the gap's beginning (02:30 becomes 03:30), which is what Python's and Airflow's libraries do with a date.
    package func instant(of local: CivilDateTime) -> Timestamp {
        if let first = instants(of: local).first { return first }
        let wanted = local.secondsAsUTC
        var period = data.period(at: wanted - 26 * 3600)
        while period.end - 1 + period.offset < wanted, period.end < .max {
            let next = data.period(at: period.end)
            if next.start + next.offset > wanted { break }
            period = next
        }
        return Timestamp(microseconds: (wanted - period.offset) * 1_000_000 + Int64(local.microsecond))
    }

    /// The next change of offset strictly after an instant; nil when none is known.
    ///
    /// Changes of the abbreviation alone do not count.
    package func nextTransition(after instant: Timestamp) -> ZoneTransition? {
        var period = data.period(at: instant.seconds)
        // Changes of the abbreviation alone come in runs of a few at most.
        for _ in 0..<16 where period.end < .max {
            let next = data.period(at: period.end)
            if next.offset != period.offset {
                return ZoneTransition(
                    instant: Timestamp(seconds: next.start), offsetBefore: Int(period.offset),
                    offsetAfter: Int(next.offset), abbreviationBefore: data.types[period.type].abbreviation,
                    abbreviationAfter: data.types[next.type].abbreviation)
            }
            period = next
        }
        return nil
    }

    /// An instant as ISO 8601 with the zone's offset, `2024-02-29T07:18:00+09:00`; UTC is written `Z`.
    package func iso8601(_ instant: Timestamp) -> String {
        guard identifier != "UTC" else { return instant.iso8601 }
        return ISO8601.text(local(at: instant), offsetSeconds: offset(at: instant))
    }
}

extension TimeZoneRules: Hashable, CustomStringConvertible {
    package static func == (left: TimeZoneRules, right: TimeZoneRules) -> Bool {
        left.identifier == right.identifier
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(identifier)
    }

    package var description: String { identifier }
}

extension TimeZoneRules: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(named: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(identifier)
    }
}

/// A change of a zone's offset.
package struct ZoneTransition: Sendable, Hashable {
    /// The first instant of the new offset.
    package let instant: Timestamp
    /// Seconds east of UTC before.
    package let offsetBefore: Int
    /// Seconds east of UTC from `instant` on.
    package let offsetAfter: Int
    /// The abbreviation before, such as `EST`.
    package let abbreviationBefore: String
    /// The abbreviation from `instant` on, such as `EDT`.
    package let abbreviationAfter: String

    /// Whether local times are skipped (clocks go forward); otherwise they are repeated.
    package var isGap: Bool { offsetAfter > offsetBefore }

    /// The first local time that is missing or repeated.
    package var localStart: CivilDateTime {
        CivilDateTime(secondsAsUTC: instant.seconds + Int64(min(offsetBefore, offsetAfter)))
    }

    /// The first local time after the missing or repeated ones.
    package var localEnd: CivilDateTime {
        CivilDateTime(secondsAsUTC: instant.seconds + Int64(max(offsetBefore, offsetAfter)))
    }
}

extension Timestamp {
    /// ISO 8601 with the zone's offset, always as a number: `2026-01-01T00:00:00+00:00` in UTC.
    ///
    /// This is how Python writes a time, and so what Airflow's run ids contain.
    package func iso8601(in zone: TimeZoneRules) -> String {
        ISO8601.text(zone.local(at: self), offsetSeconds: zone.offset(at: self))
    }

    /// Reads ISO 8601 as `init(iso8601:)` does, but text without an offset is local time in `zone` (see
    /// `TimeZoneRules.instant(of:)` for gaps and overlaps).
    package init?(iso8601 text: String, in zone: TimeZoneRules) {
        guard let parsed = ISO8601.parse(text) else { return nil }
        if let offset = parsed.offsetSeconds {
            self.init(microseconds: parsed.civil.microsecondsAsUTC - Int64(offset) * 1_000_000)
        } else {
            self = zone.instant(of: parsed.civil)
        }
    }
}
