import CivilTime
import FoundationEssentials
import Testing

/// Recorded candles and what pandas computes from them (`Fixtures/make_expected.py`).
struct IndicatorFixture {
    struct Candle {
        var market: String
        var hour: Timestamp
        var row: FakeUpbit.Row
    }

    let candles: [Candle]
    /// Values by market and hour, each by its column; a missing value is an empty text.
    let expected: [(market: String, hour: Timestamp, values: [String: String])]

    /// The stretches that `make_expected.py` cut out, by market.
    static let stretches = [
        "KRW-BTC": DataInterval(start: instant("2023-02-14T00:00:00Z"), end: instant("2023-04-10T16:00:00Z")),
        "KRW-DOGE": DataInterval(start: instant("2022-12-22T00:00:00Z"), end: instant("2023-01-09T00:00:00Z")),
    ]

    static func load() throws -> IndicatorFixture {
        let candles = try table("indicators_candles.csv").map { row in
            Candle(
                market: row["market"] ?? "", hour: instant(row["open_time_utc"] ?? ""),
                row: .init(
                    open: row["open"] ?? "", high: row["high"] ?? "", low: row["low"] ?? "", close: row["close"] ?? "",
                    volume: row["volume"] ?? ""))
        }
        let expected = try table("indicators_expected.csv").map { row in
            (row["market"] ?? "", instant(row["open_time_utc"] ?? ""), row)
        }
        return IndicatorFixture(candles: candles, expected: expected)
    }

    /// An exchange that has the recorded candles.
    func upbit() throws -> FakeUpbit {
        let upbit = try FakeUpbit()
        for candle in candles { upbit.set(candle.market, candle.hour, candle.row) }
        return upbit
    }

    private static func table(_ name: String) throws -> [[String: String]] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/\(name)")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let names = try #require(lines.first).split(separator: ",").map(String.init)
        return lines.dropFirst().map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return Dictionary(zip(names, fields), uniquingKeysWith: { first, _ in first })
        }
    }
}
