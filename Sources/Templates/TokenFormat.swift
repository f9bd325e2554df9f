import CivilTime

/// Pendulum's `format()` with its tokens (`YYYY-MM-DD`), English names only.
enum TokenFormat {
    /// In the order in which pendulum tries them; those without a meaning are written as they stand, as it does.
    private static let tokens = [
        "Mo", "MMMM", "MMM", "MM", "M", "Do", "DDDo", "DDDD", "DDD", "DD", "D", "dddd", "ddd", "dd", "do", "d", "eo",
        "e",
        "EEEE", "EEE", "EE", "E", "wo", "ww", "w", "Wo", "WW", "W", "Qo", "Q", "YYYY", "YY", "Y", "gggg", "ggg", "gg",
        "GGGG", "GGG", "GG", "a", "A", "hh", "h", "HH", "H", "kk", "k", "mm", "m", "ss", "s", "SSSSSSSSS", "SSSSSSSS",
        "SSSSSSS", "SSSSSS", "SSSSS", "SSSS", "SSS", "SS", "S", "x", "X", "zz", "z", "ZZ", "Z", "LTS", "LT", "LLLL",
        "LLL", "LL", "L",
    ]
    /// The tokens by their first letter.
    private static let tokensByLetter = Dictionary(grouping: tokens) { $0.first }
    /// The tokens that stand for several.
    private static let formats = [
        "LTS": "h:mm:ss A", "LT": "h:mm A", "L": "MM/DD/YYYY", "LL": "MMMM D, YYYY", "LLL": "MMMM D, YYYY h:mm A",
        "LLLL": "dddd, MMMM D, YYYY h:mm A",
    ]

    static func text(_ date: DateValue, _ format: String) throws(Failure) -> String {
        try Meter.charge(format.utf8.count)
        var result = ""
        var rest = format[...]
        while let character = rest.first {
            if character == "[", let inner = literal(in: rest) {
                result += inner
                rest = rest[inner.endIndex...].dropFirst()
            } else if character == "\\", rest.dropFirst().first != nil {
                rest.removeFirst()
                result.append(rest.removeFirst())
            } else if let token = tokensByLetter[character]?.first(where: { rest.hasPrefix($0) }) {
                result +=
                    try formats[token].map { (format) throws(Failure) in try text(date, format) }
                    ?? value(date, token)
                rest = rest.dropFirst(token.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// What stands in the brackets at the beginning; nil when they are empty, or not closed before others open.
    private static func literal(in text: Substring) -> Substring? {
        let inner = text.dropFirst().prefix { $0 != "[" && $0 != "]" }
        return inner.isEmpty || text[inner.endIndex...].first != "]" ? nil : inner
    }

    private static func value(_ date: DateValue, _ token: String) -> String {
        let civil = date.civil
        switch token {
        case "YYYY", "Y": return String(civil.year)
        case "YY": return String(String(civil.year).dropFirst(2))
        case "Q": return String((civil.month + 2) / 3)
        case "Qo": return ordinal((civil.month + 2) / 3)
        case "MMMM": return DateFormat.monthNames[civil.month - 1]
        case "MMM": return String(DateFormat.monthNames[civil.month - 1].prefix(3))
        case "MM": return padded(civil.month, 2)
        case "M": return String(civil.month)
        case "Mo": return ordinal(civil.month)
        case "DDDD": return padded(civil.dayOfYear, 3)
        case "DDD": return String(civil.dayOfYear)
        case "DDDo": return ordinal(civil.dayOfYear)
        case "DD": return padded(civil.day, 2)
        case "D": return String(civil.day)
        case "Do": return ordinal(civil.day)
        case "dddd": return DateFormat.dayNames[civil.weekday]
        case "ddd": return String(DateFormat.dayNames[civil.weekday].prefix(3))
        case "dd": return String(DateFormat.dayNames[civil.weekday].prefix(2))
        case "d": return String(civil.weekday)
        case "do": return ordinal(civil.weekday)
        case "E": return String(civil.weekday == 0 ? 7 : civil.weekday)
        case "e": return String(civil.weekday)
        case "eo": return ordinal(civil.weekday + 1)
        case "wo": return ordinal(civil.isoWeek.week)
        case "HH": return padded(civil.hour, 2)
        case "H": return String(civil.hour)
        case "hh": return padded((civil.hour + 11) % 12 + 1, 2)
        case "h": return String((civil.hour + 11) % 12 + 1)
        case "mm": return padded(civil.minute, 2)
        case "m": return String(civil.minute)
        case "ss": return padded(civil.second, 2)
        case "s": return String(civil.second)
        case "A": return civil.hour < 12 ? "AM" : "PM"
        case "X": return String(date.instant.seconds)
        case "x": return String(date.instant.microseconds.flooredQuotient(1000))
        case "ZZ": return date.offsetText(colon: false)
        case "Z": return date.offsetText(colon: true)
        case "z": return date.zone?.identifier ?? ""
        case "zz": return date.zone == nil ? "" : DateFormat.text(date, "%Z")
        case _ where token.hasPrefix("S") && token.count <= 6:
            return String(padded(civil.microsecond, 6).prefix(token.count))
        default: return token
        }
    }

    /// An English ordinal, such as `2nd`.
    private static func ordinal(_ number: Int) -> String {
        let isTeen = (11...13).contains(number % 100)
        switch number % 10 {
        case 1 where !isTeen: return "\(number)st"
        case 2 where !isTeen: return "\(number)nd"
        case 3 where !isTeen: return "\(number)rd"
        default: return "\(number)th"
        }
    }
}
