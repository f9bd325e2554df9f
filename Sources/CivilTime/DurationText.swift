/// Why a text is not a duration.
package struct DurationTextError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text as given.
    package let text: String
    /// One sentence for people: what is wrong and which forms are right.
    package let description: String

    init(_ text: String, _ reason: String) {
        self.text = text
        description =
            "\"\(text.prefix(60))\" is not a duration: \(reason); write one such as 30s, 1h30m, PT5M or 01:30:00"
    }
}

extension Duration {
    /// Reads a duration in any form found in DAG documents and settings.
    ///
    /// - ISO 8601: `PT5M`, `P1DT2H`, `P1W`, `PT1.5S`. Years and months have no fixed length and are refused.
    /// - Numbers with units: `500ms`, `30s`, `1h30m`, `1h 30m`, `5 minutes`, `2d`, `1w`; larger units first.
    /// - `HH:MM:SS`, with a fraction of seconds if wanted; hours may pass 24.
    /// - A plain number of seconds: `90`, `0.5`.
    ///
    /// A leading `-` negates. Parts below a microsecond are cut off. Throws `DurationTextError`.
    package init(parsing text: String) throws(DurationTextError) {
        var parser = DurationParser(text)
        self = .microseconds(try parser.parse())
    }

    /// The duration for people, `1h 30m` or `250ms`; `0s` for none.
    ///
    /// Whole microseconds; smaller parts are cut off.
    ///
    /// - Parameter units: At most so many units are written, the largest ones; the rest is cut off.
    package func humanText(units: Int = .max) -> String {
        let total = wholeMicroseconds
        var rest = total.magnitude
        var parts: [String] = []
        let names: [(UInt64, String)] = [
            (86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us"),
        ]
        for (size, name) in names where rest >= size && parts.count < max(units, 1) {
            parts.append("\(rest / size)\(name)")
            rest %= size
        }
        return parts.isEmpty ? "0s" : (total < 0 ? "-" : "") + parts.joined(separator: " ")
    }

    /// The duration as ISO 8601, `P1DT1H30M` or `PT0.25S`; exact to the microsecond, and read back by `init(parsing:)`.
    package var iso8601: String {
        let total = wholeMicroseconds
        var rest = total.magnitude
        func take(_ size: UInt64) -> UInt64 {
            defer { rest %= size }
            return rest / size
        }
        let days = take(86_400_000_000)
        let hours = take(3_600_000_000)
        let minutes = take(60_000_000)
        let seconds = take(1_000_000)
        var text = total < 0 ? "-P" : "P"
        if days > 0 { text += "\(days)D" }
        guard hours + minutes + seconds + rest > 0 || days == 0 else { return text }
        text += "T"
        if hours > 0 { text += "\(hours)H" }
        if minutes > 0 { text += "\(minutes)M" }
        if rest > 0 {
            var digits = String(rest + 1_000_000).dropFirst()
            while digits.last == "0" { digits.removeLast() }
            text += "\(seconds).\(digits)S"
        } else if seconds > 0 || (hours == 0 && minutes == 0) {
            text += "\(seconds)S"
        }
        return text
    }
}

/// Reads the forms of `Duration.init(parsing:)` in microseconds.
private struct DurationParser {
    private let text: String
    private var bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
        while let last = bytes.last, last == UInt8(ascii: " ") { bytes.removeLast() }
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    private var atEnd: Bool { position == bytes.count }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func parse() throws(DurationTextError) -> Int64 {
        var negative = false
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") {
            negative = next == UInt8(ascii: "-")
            position += 1
        }
        guard let next else { throw DurationTextError(text, "it is empty") }
        let total: Int64
        if next == UInt8(ascii: "P") || next == UInt8(ascii: "p") {
            position += 1
            total = try iso()
        } else if bytes[position...].contains(UInt8(ascii: ":")) {
            total = try clock()
        } else {
            total = try units()
        }
        return negative ? -total : total
    }

    /// What follows the P of ISO 8601.
    private mutating func iso() throws(DurationTextError) -> Int64 {
        var total: Int64 = 0
        var inTime = false
        var rank = 0
        var count = 0
        while !atEnd {
            if next == UInt8(ascii: "T") || next == UInt8(ascii: "t") {
                guard !inTime else { throw DurationTextError(text, "it has two T") }
                inTime = true
                position += 1
                guard !atEnd else { throw DurationTextError(text, "nothing follows the T") }
                continue
            }
            let number = try number()
            guard let letter = next else { throw DurationTextError(text, "the last number has no unit") }
            position += 1
            let unit: (size: Int64, rank: Int)
            switch (Unicode.Scalar(letter | 0x20), inTime) {
            case ("w", false): unit = (604_800_000_000, 1)
            case ("d", false): unit = (86_400_000_000, 2)
            case ("h", true): unit = (3_600_000_000, 3)
            case ("m", true): unit = (60_000_000, 4)
            case ("s", true): unit = (1_000_000, 5)
            case ("y", false), ("m", false):
                throw DurationTextError(text, "years and months have no fixed length")
            default: throw DurationTextError(text, "the unit \"\(Unicode.Scalar(letter))\" does not belong there")
            }
            guard unit.rank > rank else { throw DurationTextError(text, "its units are not in falling order") }
            rank = unit.rank
            count += 1
            total = try add(total, number, unit.size)
        }
        guard count > 0 else { throw DurationTextError(text, "it has no number") }
        return total
    }

    /// `HH:MM:SS`.
    private mutating func clock() throws(DurationTextError) -> Int64 {
        let hours = try number()
        guard hours.fraction == 0, take(":") else { throw DurationTextError(text, "the hours are not a whole number") }
        let minutes = try number()
        guard minutes.fraction == 0, minutes.whole < 60, take(":") else {
            throw DurationTextError(text, "a clock form needs hours, minutes below 60, and seconds")
        }
        let seconds = try number()
        guard seconds.whole < 60, atEnd else { throw DurationTextError(text, "the seconds are not below 60") }
        return try add(try add(try add(0, hours, 3_600_000_000), minutes, 60_000_000), seconds, 1_000_000)
    }

    /// Numbers with units, or one number of seconds.
    private mutating func units() throws(DurationTextError) -> Int64 {
        var total: Int64 = 0
        var previous = Int64.max
        while !atEnd {
            let number = try number()
            skipBlanks()
            let start = position
            while let byte = next, (byte | 0x20) >= UInt8(ascii: "a"), (byte | 0x20) <= UInt8(ascii: "z") {
                position += 1
            }
            let name = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
            if name.isEmpty, atEnd, previous == .max { return try add(0, number, 1_000_000) }
            guard let size = Self.size(of: name) else {
                let found = name.isEmpty ? "a number has no unit" : "\"\(name)\" is not a unit of time"
                throw DurationTextError(text, found + " (us, ms, s, m, h, d, w)")
            }
            guard size < previous else { throw DurationTextError(text, "its units are not in falling order") }
            previous = size
            total = try add(total, number, size)
            skipBlanks()
        }
        return total
    }

    private static func size(of unit: String) -> Int64? {
        switch unit {
        case "us": 1
        case "ms": 1_000
        case "s", "sec", "secs", "second", "seconds": 1_000_000
        case "m", "min", "mins", "minute", "minutes": 60_000_000
        case "h", "hr", "hrs", "hour", "hours": 3_600_000_000
        case "d", "day", "days": 86_400_000_000
        case "w", "week", "weeks": 604_800_000_000
        default: nil
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while next == UInt8(ascii: " ") { position += 1 }
    }

    /// Digits with an optional fraction; the fraction is in millionths.
    private mutating func number() throws(DurationTextError) -> (whole: Int64, fraction: Int64) {
        guard let first = next, isDigit(first) || first == UInt8(ascii: ".") else {
            throw DurationTextError(text, "a number was expected" + (atEnd ? " at its end" : ""))
        }
        var whole: Int64 = 0
        var digits = 0
        while let byte = next, isDigit(byte) {
            guard whole < 1_000_000_000_000_000 else { throw DurationTextError(text, "the number is too large") }
            whole = whole * 10 + Int64(byte - UInt8(ascii: "0"))
            digits += 1
            position += 1
        }
        var fraction: Int64 = 0
        if take(".") {
            var scale: Int64 = 100_000
            while let byte = next, isDigit(byte) {
                fraction += Int64(byte - UInt8(ascii: "0")) * scale
                scale /= 10
                digits += 1
                position += 1
            }
        }
        guard digits > 0 else { throw DurationTextError(text, "a number was expected") }
        return (whole, fraction)
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func add(
        _ total: Int64, _ number: (whole: Int64, fraction: Int64), _ size: Int64
    ) throws(DurationTextError) -> Int64 {
        let (whole, overflow) = number.whole.multipliedReportingOverflow(by: size)
        // A fraction has six digits and the largest unit 6e11 microseconds: the product stays below 2^63.
        let part = number.fraction * size / 1_000_000
        let (sum, overflowed) = total.addingReportingOverflow(part)
        let (result, tooLarge) = sum.addingReportingOverflow(whole)
        guard !overflow, !overflowed, !tooLarge else {
            throw DurationTextError(text, "it is longer than 292,000 years")
        }
        return result
    }
}
