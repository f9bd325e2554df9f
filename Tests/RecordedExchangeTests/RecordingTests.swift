import CivilTime
import FoundationEssentials
import Testing

@testable import RecordedExchange

@Suite("Recording") struct RecordingTests {
    @Test("the shipped recording has the five markets, the span and the gaps that its NOTICE states")
    func shipped() throws {
        let recording = try Samples.shipped.get()
        #expect(recording.marketCodes == ["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-SOL", "KRW-DOGE"])
        #expect(recording.span.description == "2024-04-01T00:00:00Z/2025-01-01T00:00:00Z")
        #expect(recording.markets.map(\.candles.count) == [6590, 6590, 6588, 6590, 6590])
        let bitcoin = recording.markets[0]
        let gaps = zip(bitcoin.candles, bitcoin.candles.dropFirst()).filter { $0.endTime != $1.openTime }
        #expect(
            gaps.map { Timestamp(seconds: $0.0.endTime).iso8601 }
                == ["2024-06-30T18:00:00Z", "2024-10-13T18:00:00Z", "2024-12-31T18:00:00Z"])
        #expect(bitcoin.candles[0].open == 100_991_000 * RecordedCandle.unit)
        #expect(bitcoin.candles[0].volume == 21_969_763_565)
    }

    @Test("the price step is what all prices are multiples of")
    func priceStep() throws {
        let recording = try Samples.recording(
            from: "2024-04-01",
            hours: [(100_000, 106_000, 98_000, 104_000, 3), (104_000, 104_500, 104_000, 104_500, 1)])
        #expect(recording.markets[0].tick == 500 * RecordedCandle.unit)
    }

    @Test(
        "a damaged line is refused with its number",
        arguments: [
            ("2024-04-01T00:00:00Z,1,2,1,2", "expected 6 fields, found 5"),
            ("2024-04-01T00:30:00Z,1,2,1,2,1", "is not a whole hour"),
            ("2024-04-01T00:00:00Z,1,2,1,3,1", "outside the range"),
            ("2024-04-01T00:00:00Z,1,2,1,2,0", "is not a positive number"),
            ("2024-04-01T00:00:00Z,1,2,1,2,1e3", "is not a positive number"),
            ("2024-04-01T00:00:00Z,1,2,1,2,1.123456789", "is not a positive number"),
            ("2024-04-01T00:00:00Z,1,2,1,2,99999999999999", "is not a positive number"),
            ("2024-03-01T00:00:00Z,1,2,1,2,1", "does not come after"),
        ])
    func damagedLine(line: String, problem: String) {
        let text = "\(CandleCSV.header)\n2024-03-01T00:00:00Z,1,2,1,2,0.5\n\(line)\n"
        let error = #expect(throws: RecordingError.self) { try CandleCSV.parse(Array(text.utf8), file: "x.csv") }
        #expect(error?.description.hasPrefix("x.csv:3: ") == true)
        #expect(error?.description.contains(problem) == true)
    }

    @Test("a file without candles, with another header or absent is refused with its name")
    func unusableFiles() {
        #expect(throws: RecordingError.self) { try CandleCSV.parse(Array("\(CandleCSV.header)\n".utf8), file: "x") }
        #expect(throws: RecordingError.self) { try CandleCSV.parse(Array("time,open\n".utf8), file: "x") }
        let error = #expect(throws: RecordingError.self) { try Recording.load(from: URL(filePath: "/nonexistent")) }
        #expect(error?.description.contains("/nonexistent/markets.csv: No such file or directory") == true)
    }

    @Test("the data are found in the checkout that an executable was built in, and the places are named when not")
    func folder() throws {
        let root = Samples.folder.deletingLastPathComponent().deletingLastPathComponent()
        let found = try Recording.folder(besideExecutable: root.appending(path: ".build/x/release/program"))
        #expect(found.path.hasSuffix("Resources/recorded"))
        let error = #expect(throws: RecordingError.self) {
            try Recording.folder(besideExecutable: URL(filePath: "/nonexistent/bin/program"))
        }
        #expect(error?.description.contains("/nonexistent/share/cryptoflow/Resources/recorded") == true)
    }

    @Test("the derived value is exact and rounded half up")
    func derivedValue() {
        // 0.00000001 × (1 + 1 + 2.5) / 3 = 0.000000015 → 0.00000002
        #expect(
            RecordedCandle.derivedValue(volume: 1, high: 250_000_000, low: 100_000_000, close: 100_000_000) == 2)
        // 8,000 million coins at 300,000,000 won do not fit 64 bits.
        let large = RecordedCandle.derivedValue(
            volume: 800_000_000_000_000_000, high: 30_000_000_000_000_000, low: 30_000_000_000_000_000,
            close: 30_000_000_000_000_000)
        #expect(large == Int128(8_000_000_000) * 300_000_000 * 100_000_000)
    }
}

@Suite("Running hour") struct RunningHourTests {
    private let unit = RecordedCandle.unit

    private func hour(_ open: Int64, _ high: Int64, _ low: Int64, _ close: Int64) -> RecordedCandle {
        RecordedCandle(
            openTime: 0, open: open * unit, high: high * unit, low: low * unit, close: close * unit, volume: 36 * unit)
    }

    @Test("nothing has traded before the first second is over, and the end is the recorded candle")
    func ends() {
        let hour = hour(100, 120, 90, 110)
        #expect(hour.underway(elapsed: 0, tick: unit) == nil)
        #expect(hour.underway(elapsed: 3600, tick: unit) == hour)
    }

    @Test("a rising hour visits its low first, a falling one its high")
    func order() throws {
        let rising = try #require(hour(100, 120, 90, 110).underway(elapsed: 1200, tick: unit))
        #expect([rising.high, rising.low, rising.close] == [100 * unit, 90 * unit, 90 * unit])
        let falling = try #require(hour(110, 120, 90, 100).underway(elapsed: 1200, tick: unit))
        #expect([falling.high, falling.low, falling.close] == [120 * unit, 110 * unit, 120 * unit])
    }

    @Test("ranges and volume only grow, prices stay on the grid and inside the recorded range")
    func monotone() throws {
        let hour = hour(100, 127, 85, 110)
        var last = try #require(hour.underway(elapsed: 1, tick: unit))
        for elapsed in Int64(2)...3600 {
            let next = try #require(hour.underway(elapsed: elapsed, tick: unit))
            #expect(next.high >= last.high && next.low <= last.low && next.volume > last.volume)
            #expect(next.low >= hour.low && next.high <= hour.high && next.open == hour.open)
            #expect(next.close % unit == 0 && next.low <= next.close && next.close <= next.high)
            last = next
        }
        #expect(last == hour)
    }
}
