package import CivilTime
package import FoundationEssentials
import Glibc

/// The recorded candles of all markets, as they are on disk: on the recording's own clock, unshifted.
package struct Recording: Sendable {
    /// A market that has recorded candles.
    struct Market: Sendable {
        let code: String
        let koreanName: String
        let englishName: String
        /// Ascending; an hour without a trade has no candle.
        let candles: [RecordedCandle]
        /// The largest price step that all its prices are multiples of, in 10⁻⁸ KRW.
        let tick: Int64
        /// Ascending; empty where only hours were recorded.
        let minutes: [RecordedCandle]

        /// - Parameter minutes: of hours that they add up to exactly.
        init(
            code: String, koreanName: String, englishName: String, candles: [RecordedCandle],
            minutes: [RecordedCandle] = []
        ) {
            self.code = code
            self.koreanName = koreanName
            self.englishName = englishName
            self.candles = candles
            var tick: Int64 = 0
            self.minutes = minutes
            for candle in candles + minutes {
                for price in [candle.open, candle.high, candle.low, candle.close] {
                    tick = Self.greatestCommonDivisor(tick, price)
                }
            }
            self.tick = max(tick, 1)
        }

        /// The recorded minutes of an hour; empty when it has none.
        func recordedMinutes(of hour: Int64) -> ArraySlice<RecordedCandle> {
            guard !minutes.isEmpty else { return [] }
            return minutes[firstMinute(from: hour)..<firstMinute(from: hour + RecordedCandle.slotSeconds)]
        }

        private func firstMinute(from time: Int64) -> Int {
            var (low, high) = (0, minutes.count)
            while low < high {
                let middle = (low + high) / 2
                if minutes[middle].openTime >= time { high = middle } else { low = middle + 1 }
            }
            return low
        }

        private static func greatestCommonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
            var (first, second) = (first, second)
            while second != 0 { (first, second) = (second, first % second) }
            return first
        }
    }

    /// In the order of the market list.
    let markets: [Market]
    /// From the first hour of any market up to the end of the last one, on the recording's clock.
    package let span: DataInterval

    /// The codes of the recorded markets, such as `KRW-BTC`, in the exchange's order.
    package var marketCodes: [String] { markets.map(\.code) }

    init(markets: [Market]) throws(RecordingError) {
        let starts = markets.compactMap(\.candles.first?.openTime)
        let ends = markets.compactMap(\.candles.last?.endTime)
        guard let start = starts.min(), let end = ends.max() else {
            throw RecordingError("the recording has no market with candles")
        }
        self.markets = markets
        span = DataInterval(start: Timestamp(seconds: start), end: Timestamp(seconds: end))
    }

    /// Reads `markets.csv` and for each market in it `<code>_60m.csv` and, where there is one, `<code>_1m.csv`.
    ///
    /// - Throws: `RecordingError` naming the file and, where it has one, the line.
    package static func load(from folder: URL) throws(RecordingError) -> Recording {
        let listing = folder.appending(path: "markets.csv")
        let lines = String(decoding: try read(listing), as: UTF8.self).split(separator: "\n")
        guard lines.first == "market,korean_name,english_name" else {
            throw RecordingError("\(listing.path):1: expected the header \"market,korean_name,english_name\"")
        }
        var markets: [Market] = []
        for (index, line) in lines.dropFirst().enumerated() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else {
                throw RecordingError("\(listing.path):\(index + 2): expected 3 fields, found \(fields.count)")
            }
            let file = folder.appending(path: "\(fields[0])_60m.csv")
            let candles = try CandleCSV.parse([UInt8](read(file)), file: file.path)
            let minuteFile = folder.appending(path: "\(fields[0])_1m.csv")
            var minutes: [RecordedCandle] = []
            if FileManager.default.fileExists(atPath: minuteFile.path) {
                minutes = try CandleCSV.parse([UInt8](read(minuteFile)), file: minuteFile.path, slotSeconds: 60)
                try check(minutes, against: candles, file: minuteFile.path)
            }
            markets.append(
                Market(
                    code: fields[0], koreanName: fields[1], englishName: fields[2], candles: candles, minutes: minutes))
        }
        return try Recording(markets: markets)
    }

    /// Refuses minutes that do not add up to their hour: one of the two would be untrue.
    private static func check(
        _ minutes: [RecordedCandle], against hours: [RecordedCandle], file: String
    ) throws(RecordingError) {
        let known = Dictionary(uniqueKeysWithValues: hours.map { ($0.openTime, $0) })
        var rest = minutes[...]
        while let first = rest.first {
            let hour = first.openTime - first.openTime.flooredRemainder(RecordedCandle.slotSeconds)
            let part = rest.prefix { $0.openTime < hour + RecordedCandle.slotSeconds }
            rest = rest.dropFirst(part.count)
            var sum = first
            sum.openTime = hour
            for minute in part.dropFirst() {
                sum.high = max(sum.high, minute.high)
                sum.low = min(sum.low, minute.low)
                sum.close = minute.close
                sum.volume += minute.volume
            }
            guard known[hour] == sum else {
                throw RecordingError(
                    "\(file): the minutes from \(Timestamp(seconds: hour).iso8601) on do not add up to the recorded hour"
                )
            }
        }
    }

    private static func read(_ file: URL) throws(RecordingError) -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            let cause = (error as? CocoaError)?.userInfo.values.lazy.compactMap { $0 as? POSIXError }.first
            let reason = cause.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)"
            throw RecordingError(
                "cannot read the recorded data \(file.path): \(reason); name the folder that has it with --data")
        }
    }
}
