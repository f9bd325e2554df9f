extension CronExpression {
    /// The expression in plain words, `hourly at :00`, `daily at 02:30`, `at 09:00 on Mondays`; nil when words would be no
    /// clearer than the fields.
    package var phrase: String? {
        guard !hasSeconds, !neverFires, let time = timePhrase, let day = dayPhrase, let month = monthPhrase else {
            return nil
        }
        let isFixed = time.hasPrefix("at ")
        let start = isFixed && day.isEmpty ? "daily \(time)" : time
        return [start, day, month].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var timePhrase: String? {
        let minutes = Self.values(times.minutes)
        let hours = Self.values(times.hours)
        let clock = { (minute: Int) in ":" + Self.two(minute) }
        if hours.count == 24 {
            if minutes.count == 60 { return "every minute" }
            if minutes.count == 1 { return "hourly at \(clock(minutes[0]))" }
            if let step = Self.step(minutes, size: 60) { return "every \(step) minutes" }
            return minutes.count <= 4 ? "hourly at " + Self.list(minutes.map(clock)) : nil
        }
        guard minutes.count == 1 else { return nil }
        if hours.count > 2, let step = Self.step(hours, size: 24) {
            return "every \(step) hours at \(clock(minutes[0]))"
        }
        return hours.count <= 4 ? "at " + Self.list(hours.map { Self.two($0) + clock(minutes[0]) }) : nil
    }

    private var dayPhrase: String? {
        switch (days.monthPlain, days.weekPlain) {
        case (true, true): return ""
        case (false, false): return nil
        case (true, false): return weekdayPhrase
        case (false, true):
            let numbers = Self.values(days.ofMonth)
            if days.lastOfMonth { return numbers.isEmpty ? "on the last day of the month" : nil }
            if numbers.count == 31 { return "" }
            guard numbers.count <= 4 else { return nil }
            return "on day\(numbers.count == 1 ? "" : "s") " + Self.list(numbers.map(String.init)) + " of the month"
        }
    }

    private var weekdayPhrase: String? {
        let names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        if days.nthOfWeek != 0 {
            let bits = Self.values(days.nthOfWeek)
            guard days.ofWeek == 0, bits.count == 1 else { return nil }
            let counts = ["last", "first", "second", "third", "fourth", "fifth"]
            return "on the \(counts[bits[0] % 8]) \(names[bits[0] / 8]) of the month"
        }
        switch days.ofWeek {
        case 0b1111111: return ""
        case 0b0111110: return "on weekdays"
        case 0b1000001: return "on weekends"
        default: return "on " + Self.list(Self.values(days.ofWeek).map { names[$0] + "s" })
        }
    }

    private var monthPhrase: String? {
        let names = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ]
        let numbers = Self.values(months)
        if numbers.count == 12 { return "" }
        return numbers.count <= 4 ? "in " + Self.list(numbers.map { names[$0 - 1] }) : nil
    }

    private static func values(_ mask: UInt64) -> [Int] {
        (0..<64).filter { mask >> UInt64($0) & 1 == 1 }
    }

    /// The distance when the values are 0, n, 2n … and come around evenly.
    private static func step(_ values: [Int], size: Int) -> Int? {
        guard values.count > 1, size % values.count == 0 else { return nil }
        let step = size / values.count
        return values == Array(stride(from: 0, to: size, by: step)) ? step : nil
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }

    private static func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}
