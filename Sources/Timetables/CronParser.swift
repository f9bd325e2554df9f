import CivilTime

/// Reads a cron expression byte by byte, so that every message can say where.
struct CronParser {
    /// Longer texts are refused unread; the longest useful one is a list of 60 minutes.
    private static let longestText = 1000

    private static let presets: [(name: String, expansion: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@quarterly", "0 0 1 */3 *"), ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ]

    /// A run of bytes of the text.
    struct Piece {
        var bytes: ArraySlice<UInt8>
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var isEmpty: Bool { bytes.isEmpty }
    }

    private let source: String
    private let bytes: [UInt8]

    init(_ text: String) {
        source = text
        bytes = Array(text.utf8)
    }

    mutating func parse() throws(CronError) -> CronExpression {
        guard bytes.count <= Self.longestText else {
            throw CronError(
                expression: source, field: nil, found: "", column: 1,
                reason: "is \(bytes.count) bytes long; at most \(Self.longestText) are read")
        }
        let pieces = Self.split(bytes[...], isSeparator: Self.isBlank).filter { !$0.isEmpty }
        guard let first = pieces.first, let last = pieces.last else {
            throw wholeError(
                "", "is empty; write five fields such as \"0 * * * *\": minute hour day-of-month month day-of-week")
        }
        let trimmed = String(decoding: bytes[first.bytes.startIndex..<last.bytes.endIndex], as: UTF8.self)
        let opening = first.text.uppercased()
        if opening.hasPrefix("TZ=") || opening.hasPrefix("CRON_TZ=") {
            throw wholeError(first.text, "a zone is not part of the expression; set the DAG's timezone")
        }
        if first.bytes.first == UInt8(ascii: "@") {
            let expanded = try preset(first.text, isAlone: pieces.count == 1)
            var parser = CronParser(expanded)
            let expression = try parser.parse()
            return CronExpression(
                text: trimmed, hasSeconds: false, days: expression.days, months: expression.months,
                times: expression.times, followsClock: expression.followsClock, isEveryHour: expression.isEveryHour)
        }
        return try expression(of: pieces, trimmed: trimmed)
    }

    private func expression(of pieces: [Piece], trimmed: String) throws(CronError) -> CronExpression {
        guard pieces.count == 5 || pieces.count == 6 else { throw countError(pieces) }
        var sets: [CronFieldParser.Result] = []
        for (field, piece) in zip(CronField.allCases, pieces) {
            let parser = CronFieldParser(field: field, piece: piece, source: source, all: bytes)
            sets.append(try parser.parse())
        }
        let minute = sets[0]
        let hour = sets[1]
        let dayOfMonth = sets[2]
        let month = sets[3]
        let dayOfWeek = sets[4]
        return CronExpression(
            text: trimmed, hasSeconds: sets.count == 6,
            days: CronExpression.DayFields(
                ofMonth: dayOfMonth.mask, lastOfMonth: dayOfMonth.last, ofWeek: dayOfWeek.mask,
                nthOfWeek: dayOfWeek.nth, monthStar: dayOfMonth.star, weekStar: dayOfWeek.star,
                monthPlain: dayOfMonth.plain, weekPlain: dayOfWeek.plain,
                monthOpen: dayOfMonth.hasPlainItem || (dayOfMonth.isFull && dayOfWeek.hasStar),
                weekOpen: dayOfWeek.hasPlainItem || (dayOfWeek.isFull && dayOfMonth.hasStar)),
            months: month.mask,
            times: CronExpression.TimeFields(
                hours: hour.mask, minutes: minute.mask, seconds: sets.count == 6 ? sets[5].mask : 1),
            followsClock: minute.star || hour.star,
            isEveryHour: hour.hasOnlyPlainItems || (hour.isFull && !hour.hasPlainItem))
    }

    private func preset(_ name: String, isAlone: Bool) throws(CronError) -> String {
        let folded = name.lowercased()
        if let known = Self.presets.first(where: { $0.name == folded }) {
            guard isAlone else { throw wholeError(name, "\(name) stands alone; nothing may follow it") }
            return known.expansion
        }
        let names = Self.presets.map(\.name)
        switch folded {
        case "@once", "@continuous":
            throw wholeError(
                name, "\(name) is a timetable of its own, not a cron expression; give it as the whole schedule")
        case "@reboot":
            throw wholeError(name, "@reboot has no meaning for a scheduler that runs DAGs; use @once or a time")
        case "@every":
            throw wholeError(
                name,
                "@every is not supported; use a step such as \"*/5 * * * *\", or a delta timetable for other spans")
        default:
            let near = names.min { left, right in
                distance(left, folded) < distance(right, folded)
            }
            let hint = near.flatMap { distance($0, folded) <= 2 ? "did you mean \($0)?" : nil }
            throw wholeError(
                name,
                "unknown preset \(CronError.shortened(name, limit: 20)); "
                    + (hint ?? "use one of \(names.joined(separator: " "))"))
        }
    }

    private func distance(_ left: String, _ right: String) -> Int {
        EditDistance.between(Array(left.utf8), Array(right.utf8), limit: 3)
    }

    private func countError(_ pieces: [Piece]) -> CronError {
        let names = CronField.allCases.prefix(5).map(\.description).joined(separator: " ")
        if pieces.count < 5 {
            let missing = CronField.allCases[pieces.count..<5].map(\.description).joined(separator: ", ")
            return CronError(
                expression: source, field: CronField.allCases[pieces.count], found: "", column: bytes.count + 1,
                reason: "has \(pieces.count) of 5 fields, missing \(missing); write \(names)")
        }
        let extra = pieces.count == 7 ? " (a year field is not supported)" : ""
        return CronError(
            expression: source, field: nil, found: pieces[6].text, column: 1,
            reason: "has \(pieces.count) fields\(extra); write \(names) and, if wanted, second")
    }

    private func wholeError(_ found: String, _ reason: String) -> CronError {
        CronError(expression: source, field: nil, found: found, column: 1, reason: reason)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (byte >= 9 && byte <= 13)
    }

    /// Cuts at every separator; pieces may be empty.
    static func split(_ bytes: ArraySlice<UInt8>, isSeparator: (UInt8) -> Bool) -> [Piece] {
        bytes.split(omittingEmptySubsequences: false, whereSeparator: isSeparator).map(Piece.init)
    }
}
