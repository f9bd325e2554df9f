/// The stretch of time during which a zone keeps one offset, with the offsets before and after it.
package struct ZonePeriod: Sendable, Hashable {
    /// First second of the period, since the epoch; `Int64.min` for the zone's first.
    package let start: Int64
    /// First second after it; `Int64.max` when no change is known to follow.
    package let end: Int64
    /// Seconds east of UTC.
    package let offset: Int64
    /// The offset before `start`; equal to `offset` when there is no period before.
    package let previousOffset: Int64
    /// The offset from `end` on; equal to `offset` when there is no period after.
    package let nextOffset: Int64
    /// The index of the zone's local time type, for its abbreviation.
    let type: Int
}

/// A zone's changes as read from a TZif file, with its rule for the future written out.
///
/// Gregorian dates and weekdays repeat every 400 years, so the rule is expanded for one such cycle when the file is
/// read and later instants are looked up in it: a lookup is one binary search however far ahead it is.
final class ZoneData: Sendable {
    struct LocalType: Sendable, Equatable {
        var offset: Int64
        var isDaylight: Bool
        var abbreviation: String
    }

    /// The length of the Gregorian calendar's cycle.
    static let cycleSeconds: Int64 = 146_097 * 86_400

    let types: [LocalType]
    /// The instants at which `kinds` of the same index begins.
    private let starts: [Int64]
    private let kinds: [UInt8]
    /// The type before the first change.
    private let firstKind: UInt8
    /// From here on an instant is looked up one or more cycles earlier; nil when the last type holds forever.
    private let cycleEnd: Int64?

    /// A zone that never changes.
    init(fixedOffset: Int64, abbreviation: String) {
        types = [LocalType(offset: fixedOffset, isDaylight: false, abbreviation: abbreviation)]
        starts = []
        kinds = []
        firstKind = 0
        cycleEnd = nil
    }

    /// A zone from a file's changes, in order, and the rule that follows the last of them.
    init(types: [LocalType], starts: [Int64], kinds: [UInt8], rule: PosixZoneRule?) {
        var types = types
        var starts = starts
        var kinds = kinds
        var cycleEnd: Int64?
        if let rule {
            func index(of type: LocalType) -> UInt8? {
                if let known = types.firstIndex(of: type) { return UInt8(exactly: known) }
                types.append(type)
                return UInt8(exactly: types.count - 1)
            }
            if let daylight = rule.daylight, let standardKind = index(of: rule.standard),
                let daylightKind = index(of: daylight.type)
            {
                let last = starts.last ?? 0
                let lastYear = CivilDateTime(secondsAsUTC: last).year
                var changes: [(at: Int64, kind: UInt8)] = []
                for year in lastYear...(lastYear + 403) {
                    let (start, end) = rule.changes(of: daylight, year: year)
                    changes.append((start, daylightKind))
                    changes.append((end, standardKind))
                }
                // A year-round rule ends one year's daylight time where the next begins: the later entry wins.
                changes.sort { ($0.at, $0.kind == daylightKind ? 1 : 0) < ($1.at, $1.kind == daylightKind ? 1 : 0) }
                for change in changes where starts.isEmpty || change.at > last {
                    if let previous = starts.last, previous == change.at {
                        starts.removeLast()
                        kinds.removeLast()
                    }
                    if kinds.last != change.kind {
                        starts.append(change.at)
                        kinds.append(change.kind)
                    }
                }
                cycleEnd = CivilDateTime(year: lastYear + 402, month: 1, day: 1)?.secondsAsUTC
            } else if let standardKind = index(of: rule.standard), starts.isEmpty {
                starts = [.min]
                kinds = [standardKind]
            }
        }
        self.types = types
        self.starts = starts
        self.kinds = kinds
        // RFC 8536 section 3.2: type 0 holds before the first change.
        firstKind = 0
        self.cycleEnd = cycleEnd
    }

    /// The period that contains a second since the epoch.
    func period(at second: Int64) -> ZonePeriod {
        guard let cycleEnd, second >= cycleEnd else { return lookUp(second) }
        let cycles = (second - cycleEnd) / Self.cycleSeconds + 1
        let shift = cycles * Self.cycleSeconds
        let found = lookUp(second - shift)
        return ZonePeriod(
            start: found.start == .min ? .min : found.start + shift,
            end: found.end == .max ? .max : found.end + shift, offset: found.offset,
            previousOffset: found.previousOffset, nextOffset: found.nextOffset, type: found.type)
    }

    private func lookUp(_ second: Int64) -> ZonePeriod {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= second { low = middle + 1 } else { high = middle }
        }
        // `low` changes lie at or before the second.
        let kind = low == 0 ? firstKind : kinds[low - 1]
        let offset = types[Int(kind)].offset
        let previous = low == 0 ? kind : (low == 1 ? firstKind : kinds[low - 2])
        return ZonePeriod(
            start: low == 0 ? .min : starts[low - 1],
            end: low == starts.count ? .max : starts[low],
            offset: offset,
            previousOffset: types[Int(previous)].offset,
            nextOffset: low == starts.count ? offset : types[Int(kinds[low])].offset,
            type: Int(kind))
    }
}
