import CivilTime

/// Reads the recorded candles' text: a header, then `open_time_utc,open,high,low,close,volume` a line.
///
/// Every line is checked (ascending whole hours or minutes, low ≤ open and close ≤ high, positive prices and volume, at most 8
/// decimals), so a damaged file is refused at the start and not discovered in an answer.
enum CandleCSV {
    static let header = "open_time_utc,open,high,low,close,volume"

    /// - Parameters:
    ///   - file: names the text in errors.
    ///   - slotSeconds: 3,600 for hours, 60 for minutes.
    static func parse(
        _ bytes: [UInt8], file: String, slotSeconds: Int64 = RecordedCandle.slotSeconds
    ) throws(RecordingError) -> [RecordedCandle] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).makeIterator()
        guard let first = lines.next(), first.elementsEqual(header.utf8) else {
            throw RecordingError("\(file):1: expected the header \"\(header)\"")
        }
        var candles: [RecordedCandle] = []
        candles.reserveCapacity(bytes.count / 60)
        var number = 1
        while let line = lines.next() {
            number += 1
            do throws(Problem) {
                let candle = try candle(line, slotSeconds: slotSeconds)
                if let last = candles.last, candle.openTime <= last.openTime {
                    throw Problem("the time does not come after the line before")
                }
                candles.append(candle)
            } catch {
                throw RecordingError("\(file):\(number): \(error.text)")
            }
        }
        guard !candles.isEmpty else { throw RecordingError("\(file): there is no candle in it") }
        return candles
    }

    private struct Problem: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private static func candle(_ line: ArraySlice<UInt8>, slotSeconds: Int64) throws(Problem) -> RecordedCandle {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 6 else { throw Problem("expected 6 fields, found \(fields.count)") }
        let text = String(decoding: fields[0], as: UTF8.self)
        guard let time = Timestamp(iso8601: text), time.microseconds.flooredRemainder(slotSeconds * 1_000_000) == 0
        else {
            let slot = slotSeconds == 60 ? "minute" : "hour"
            throw Problem("\"\(text)\" is not a whole \(slot) such as 2024-04-01T00:00:00Z")
        }
        var numbers: [Int64] = []
        for field in fields[1...] {
            guard let number = ScaledDecimal.parse(field), number > 0 else {
                throw Problem(
                    "\"\(String(decoding: field, as: UTF8.self))\" is not a positive number of at most 8 decimals")
            }
            numbers.append(number)
        }
        let (open, high, low, close) = (numbers[0], numbers[1], numbers[2], numbers[3])
        guard low <= min(open, close), max(open, close) <= high else {
            throw Problem("open or close is outside the range from low to high")
        }
        return RecordedCandle(
            openTime: time.seconds, open: open, high: high, low: low, close: close, volume: numbers[4])
    }
}
