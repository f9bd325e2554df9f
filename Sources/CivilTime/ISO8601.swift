/// Reading and writing ISO 8601 dates and times by hand: the formatters of Foundation bring ICU with them, which costs
/// tens of megabytes of memory.
package enum ISO8601 {
    /// A date and time as written, before anything is known about its zone.
    package struct Parsed: Sendable, Equatable {
        /// The digits as written.
        package var civil: CivilDateTime
        /// Seconds east of UTC; nil when the text had no offset.
        package var offsetSeconds: Int?
        /// False for a date alone.
        package var hasTime: Bool
    }

    /// Reads the extended form (see `Timestamp.init(iso8601:)`), nil for anything else.
    package static func parse(_ text: String) -> Parsed? {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2)
        else { return nil }
        if reader.atEnd {
            guard let civil = CivilDateTime(year: year, month: month, day: day) else { return nil }
            return Parsed(civil: civil, offsetSeconds: nil, hasTime: false)
        }
        guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.digits(2), reader.take(":"),
            let minute = reader.digits(2)
        else { return nil }
        var second = 0
        var microsecond = 0
        if reader.take(":") {
            guard let value = reader.digits(2) else { return nil }
            second = value
            if reader.take(".") || reader.take(",") {
                guard let value = reader.fractionAsMicroseconds() else { return nil }
                microsecond = value
            }
        }
        var offset: Int?
        if !reader.atEnd {
            guard let value = reader.offset(), reader.atEnd else { return nil }
            offset = value
        }
        guard
            let civil = CivilDateTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second, microsecond: microsecond
            )
        else { return nil }
        return Parsed(civil: civil, offsetSeconds: offset, hasTime: true)
    }

    /// Writes a date and time with an offset; nil writes `Z`.
    package static func text(_ civil: CivilDateTime, offsetSeconds: Int?) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(date: civil, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(time: civil, to: &bytes)
        if let offsetSeconds {
            append(offset: offsetSeconds, colon: true, to: &bytes)
        } else {
            bytes.append(UInt8(ascii: "Z"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `2024-02-29`.
    ///
    /// Years beyond 9999 or before 0 carry a sign, as ISO 8601 asks for.
    static func append(date civil: CivilDateTime, to bytes: inout [UInt8]) {
        if civil.year < 0 {
            bytes.append(UInt8(ascii: "-"))
        } else if civil.year > 9999 {
            bytes.append(UInt8(ascii: "+"))
        }
        append(abs(civil.year), width: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(civil.month, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(civil.day, width: 2, to: &bytes)
    }

    /// `07:18:00`, with six fraction digits when they are not zero.
    static func append(time civil: CivilDateTime, to bytes: inout [UInt8]) {
        append(civil.hour, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(civil.minute, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(civil.second, width: 2, to: &bytes)
        if civil.microsecond != 0 {
            bytes.append(UInt8(ascii: "."))
            append(civil.microsecond, width: 6, to: &bytes)
        }
    }

    /// `+09:00` or `+0900`; seconds follow only when the offset has them (local mean times before about 1930).
    static func append(offset: Int, colon: Bool, to bytes: inout [UInt8]) {
        bytes.append(offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        let size = abs(offset)
        append(size / 3600, width: 2, to: &bytes)
        if colon { bytes.append(UInt8(ascii: ":")) }
        append(size / 60 % 60, width: 2, to: &bytes)
        if size % 60 != 0 {
            if colon { bytes.append(UInt8(ascii: ":")) }
            append(size % 60, width: 2, to: &bytes)
        }
    }

    /// A non-negative number with leading zeros up to `width`.
    static func append(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 0..<max(width - 1, 0) { divisor *= 10 }
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}

/// A cursor over ASCII text that takes fixed numbers of digits.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var atEnd: Bool { position == bytes.count }

    /// Takes one given character if it is next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Takes exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + count] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    /// Takes one or more digits after a decimal point; those below a microsecond are cut off.
    mutating func fractionAsMicroseconds() -> Int? {
        var value = 0
        var count = 0
        while let digit = digits(1) {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Takes `Z`, `±hh:mm`, `±hh:mm:ss`, `±hhmm` or `±hh`, in seconds east of UTC; at most a day either way.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = digits(2), hours < 24 else { return nil }
        var minutes = 0
        var seconds = 0
        if take(":") {
            guard let value = digits(2) else { return nil }
            minutes = value
            if take(":") {
                guard let value = digits(2) else { return nil }
                seconds = value
            }
        } else if let value = digits(2) {
            minutes = value
        }
        guard minutes < 60, seconds < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60 + seconds)
    }
}
