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

    @Test("recorded minutes are read beside the hours, and refused when they do not add up to them")
    func minutes() throws {
        let folder = Samples.folder.appending(path: "Fixtures/minutes")
        let recording = try Recording.load(from: folder)
        #expect(recording.markets.map(\.minutes.count) == [180, 169])
        let copy = FileManager.default.temporaryDirectory.appending(
            path: "recorded-minutes-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.copyItem(at: folder, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let file = copy.appending(path: "KRW-DOGE_1m.csv")
        var lines = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
        lines.remove(at: 40)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let error = #expect(throws: RecordingError.self) { try Recording.load(from: copy) }
        #expect(error?.description.contains("KRW-DOGE_1m.csv: the minutes from 2025-09-30T17:00:00Z on") == true)
    }
}
