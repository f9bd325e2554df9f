import CivilTime
import Logging

/// Whether a line is one of those asked for; lines that cannot be are told by their first bytes.
struct LogMatcher {
    private let query: LogQuery
    private let since: [UInt8]?
    private let until: [UInt8]?
    private let levels: Set<[UInt8]>?
    /// The text in lower case when it can be looked for in the raw line: plain ASCII that JSON writes as it is.
    private let rawText: [UInt8]?
    private let text: String?

    init(_ query: LogQuery) {
        self.query = query
        since = query.since.map { Array(LogRecord.fixedTime($0).utf8) }
        until = query.until.map { Array(LogRecord.fixedTime($0).utf8) }
        levels = query.level.map { least in
            Set(Logger.Level.allCases.filter { $0 >= least }.map { Array($0.rawValue.utf8) })
        }
        text = query.text.flatMap { $0.isEmpty ? nil : $0.lowercased() }
        let raw = text.map { Array($0.utf8) }
        rawText = raw.flatMap { bytes in
            bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C } ? bytes : nil
        }
    }

    /// Whether the line, and so every older one, is before what is asked for.
    ///
    /// Lines of several writers may be out of order by the time that a writer waits; a minute is more than that.
    func isPast(_ line: ArraySlice<UInt8>) -> Bool {
        guard let since = query.since, let time = LogLine.time(line) else { return false }
        let early = Array(LogRecord.fixedTime(since - .seconds(60)).utf8)
        return time.lexicographicallyPrecedes(early)
    }

    func record(_ line: ArraySlice<UInt8>) -> LogRecord? {
        guard let time = LogLine.time(line) else { return nil }
        if let since, time.lexicographicallyPrecedes(since) { return nil }
        if let until, !time.lexicographicallyPrecedes(until) { return nil }
        if let levels {
            guard let level = LogLine.level(line), levels.contains(Array(level)) else { return nil }
        }
        if let rawText, !Self.contains(line, rawText) { return nil }
        guard let record = LogRecord(line: line), isOfExchange(record), hasText(record) else { return nil }
        return record
    }

    private func isOfExchange(_ record: LogRecord) -> Bool {
        guard let exchange = query.exchange?.lowercased(), !exchange.isEmpty else { return true }
        return ["exchange", "exchange.name"].contains { record.metadata[$0]?.lowercased() == exchange }
            || record.label.lowercased().split(separator: ".").contains { $0 == exchange }
    }

    private func hasText(_ record: LogRecord) -> Bool {
        guard let text else { return true }
        return record.message.lowercased().contains(text) || record.label.lowercased().contains(text)
            || record.metadata.contains { "\($0.key)=\($0.value)".lowercased().contains(text) }
    }

    /// Whether ASCII text, given in lower case, is in the bytes in any case.
    private static func contains(_ bytes: ArraySlice<UInt8>, _ text: [UInt8]) -> Bool {
        guard let first = text.first, bytes.count >= text.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in 0...(bytes.count - text.count) where lower(bytes[start]) == first {
                var place = 1
                while place < text.count, lower(bytes[start + place]) == text[place] { place += 1 }
                if place == text.count { return true }
            }
            return false
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}
