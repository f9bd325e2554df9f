import CivilTime

/// `strftime` and `strptime` in the C locale, by hand: the system's own read the process's locale and zone.
enum DateFormat {
    static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// `strftime` of what a clock shows, whatever its zone.
    static func text(_ civil: CivilDateTime, _ format: String) -> String {
        TimeFormat.strftime(civil.asUTC, format)
    }

    /// `strftime`; a date without a zone has nothing to write for `%z`, `%:z` and `%Z`.
    static func text(_ date: DateValue, _ format: String) -> String {
        if let zone = date.zone { return TimeFormat.strftime(date.instant, format, in: zone) }
        var kept = String.UnicodeScalarView()
        // A directive as far as it has been read: its mark, and a colon.
        var begun: [Unicode.Scalar] = []
        for scalar in format.unicodeScalars {
            if begun.isEmpty ? scalar == "%" : begun.count == 1 && scalar == ":" {
                begun.append(scalar)
            } else if begun.isEmpty {
                kept.append(scalar)
            } else {
                let isDropped = scalar == "z" || scalar == "Z" && begun.count == 1
                if !isDropped { kept.append(contentsOf: begun + [scalar]) }
                begun = []
            }
        }
        kept.append(contentsOf: begun)
        return text(date.civil, String(kept))
    }

    /// `strftime` with a format that a template gave.
    static func text(_ date: DateValue, given format: String) throws(Failure) -> String {
        try Meter.charge(format.utf8.count >> 2)
        return text(date, format)
    }

    /// `datetime.strptime`: nil offset unless the format has `%z`.
    static func parse(_ text: String, _ format: String) throws(Failure) -> DateValue {
        try Meter.charge((text.utf8.count + format.utf8.count) >> 4)
        var reader = FormatReader(text)
        var parts = Parts()
        var scalars = Array(format.unicodeScalars)[...]
        func mismatch() -> Failure { Failure("the date '\(text)' does not match the format '\(format)'") }
        while let scalar = scalars.popFirst() {
            if scalar == "%", let directive = scalars.popFirst() {
                guard try reader.read(directive, into: &parts) else { throw mismatch() }
            } else if scalar.properties.isWhitespace {
                reader.skipBlanks()
            } else if !reader.take(scalar) {
                throw mismatch()
            }
        }
        guard reader.isAtEnd else { throw mismatch() }
        var hour = parts.hour
        if let isAfternoon = parts.isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        guard
            var civil = CivilDateTime(
                year: parts.year, month: parts.month, day: parts.day, hour: hour, minute: parts.minute,
                second: parts.second, microsecond: parts.microsecond)
        else { throw Failure("'\(text)' is not a date: there is no such day or time") }
        if let dayOfYear = parts.dayOfYear, let first = CivilDateTime(year: parts.year, month: 1, day: 1) {
            let date = first.adding(days: dayOfYear - 1)
            guard dayOfYear >= 1, date.year == parts.year else { throw mismatch() }
            civil = CivilDateTime(
                secondsAsUTC: date.startOfDay.secondsAsUTC + Int64(hour * 3600 + parts.minute * 60 + parts.second),
                microsecond: parts.microsecond)
        }
        return try DateValue(
            inRange: civil, zone: parts.offsetSeconds.map { TimeZoneRules.fixed(offsetSeconds: $0) })
    }

    fileprivate struct Parts {
        var year = 1900
        var month = 1
        var day = 1
        var hour = 0
        var minute = 0
        var second = 0
        var microsecond = 0
        var dayOfYear: Int?
        var isAfternoon: Bool?
        var offsetSeconds: Int?
    }
}

/// A cursor over the text that `strptime` reads.
private struct FormatReader {
    private var rest: ArraySlice<Unicode.Scalar>

    init(_ text: String) { rest = Array(text.unicodeScalars)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skipBlanks() { rest = rest.drop { $0.properties.isWhitespace } }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    /// Reads one directive's text.
    ///
    /// False when it does not fit; throws for a directive that is not supported.
    mutating func read(_ directive: Unicode.Scalar, into parts: inout DateFormat.Parts) throws(Failure) -> Bool {
        switch directive {
        case "Y": return number(4, exactly: true) { parts.year = $0 }
        case "y": return number(2, exactly: true) { parts.year = $0 + ($0 < 69 ? 2000 : 1900) }
        case "m": return number(2, in: 1...12) { parts.month = $0 }
        case "d", "e": return number(2, in: 1...31) { parts.day = $0 }
        case "H": return number(2, in: 0...23) { parts.hour = $0 }
        case "I": return number(2, in: 1...12) { parts.hour = $0 }
        case "M": return number(2, in: 0...59) { parts.minute = $0 }
        case "S": return number(2, in: 0...59) { parts.second = $0 }
        case "j": return number(3, in: 1...366) { parts.dayOfYear = $0 }
        case "f":
            let digits = rest.prefix(6).prefix { ("0"..."9").contains($0) }.count
            return number(6) { value in
                parts.microsecond = value
                for _ in digits..<6 { parts.microsecond *= 10 }
            }
        case "b", "h": return name(DateFormat.monthNames.map { String($0.prefix(3)) }) { parts.month = $0 + 1 }
        case "B": return name(DateFormat.monthNames) { parts.month = $0 + 1 }
        case "a": return name(DateFormat.dayNames.map { String($0.prefix(3)) }) { _ in }
        case "A": return name(DateFormat.dayNames) { _ in }
        case "p": return name(["AM", "PM"]) { parts.isAfternoon = $0 == 1 }
        case "z": return offset(&parts)
        case "T":
            for (separator, part) in [(nil, "H"), (":", "M"), (":", "S")] as [(Unicode.Scalar?, Unicode.Scalar)] {
                if let separator, !take(separator) { return false }
                guard try read(part, into: &parts) else { return false }
            }
            return true
        case "F":
            for (separator, part) in [(nil, "Y"), ("-", "m"), ("-", "d")] as [(Unicode.Scalar?, Unicode.Scalar)] {
                if let separator, !take(separator) { return false }
                guard try read(part, into: &parts) else { return false }
            }
            return true
        case "%": return take("%")
        default: throw Failure("the directive '%\(directive)' cannot be read from a date")
        }
    }

    private mutating func number(
        _ width: Int, in range: ClosedRange<Int>? = nil, exactly: Bool = false, _ store: (Int) -> Void
    ) -> Bool {
        var value = 0
        var count = 0
        while count < width, let scalar = rest.first, ("0"..."9").contains(scalar) {
            value = value * 10 + Int(scalar.value) - 48
            count += 1
            rest.removeFirst()
        }
        guard count > 0, !exactly || count == width, range?.contains(value) ?? true else { return false }
        store(value)
        return true
    }

    private mutating func name(_ names: [String], _ store: (Int) -> Void) -> Bool {
        for (index, name) in names.enumerated() {
            let wanted = Array(name.lowercased().unicodeScalars)
            let found = String(String.UnicodeScalarView(rest.prefix(wanted.count))).lowercased()
            if found == name.lowercased() {
                rest.removeFirst(wanted.count)
                store(index)
                return true
            }
        }
        return false
    }

    private mutating func offset(_ parts: inout DateFormat.Parts) -> Bool {
        if take("Z") {
            parts.offsetSeconds = 0
            return true
        }
        let isNegative = rest.first == "-"
        guard take("+") || take("-") else { return false }
        var seconds = 0
        guard number(2, in: 0...23, exactly: true, { seconds = $0 * 3600 }) else { return false }
        _ = take(":")
        guard number(2, in: 0...59, exactly: true, { seconds += $0 * 60 }) else { return false }
        parts.offsetSeconds = isNegative ? -seconds : seconds
        return true
    }
}
