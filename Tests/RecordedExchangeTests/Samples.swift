import CivilTime
import FoundationEssentials
import Testing

@testable import RecordedExchange

/// What several suites need: the shipped recording, small made-up ones, fixtures.
enum Samples {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    /// The recording that ships with the project, read once.
    static let shipped = Result {
        try Recording.load(
            from: folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "Resources/recorded"))
    }

    static func fixture(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: "Fixtures/\(name).json")))
    }

    static func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    /// Hours of one market from a start on: open, high, low, close in whole won and volume in whole coins; nil for an hour
    /// without a trade.
    static func recording(
        from start: String, hours: [(Int64, Int64, Int64, Int64, Int64)?], code: String = "KRW-BTC"
    ) throws -> Recording {
        let unit = RecordedCandle.unit
        let first = try time(start).seconds
        let candles = hours.enumerated().compactMap { index, hour in
            hour.map {
                RecordedCandle(
                    openTime: first + Int64(index) * 3600, open: $0.0 * unit, high: $0.1 * unit, low: $0.2 * unit,
                    close: $0.3 * unit, volume: $0.4 * unit)
            }
        }
        return try Recording(markets: [.init(code: code, koreanName: "비트코인", englishName: "Bitcoin", candles: candles)])
    }

    /// The API at a served moment, unshifted unless said otherwise.
    static func api(_ recording: Recording, now: Timestamp, shiftWeeks: Int? = 0) -> UpbitAPI {
        UpbitAPI(recording: recording, clock: .pinned(at: now, shiftWeeks: shiftWeeks, span: recording.span))
    }
}

extension UpbitAPI {
    /// The answer to a target as the desk would route it.
    func get(_ text: String) -> ExchangeReply {
        let target = RequestTarget(text)
        guard let route = Route(path: target.path) else { return .error(.noRoute) }
        return answer(route, target, now: clock.now())
    }

    func text(_ target: String) -> String { String(decoding: get(target).body, as: UTF8.self) }

    /// The candles' start times of an answer, in order.
    func slots(_ target: String) throws -> [String] {
        try JSONShape.parse(get(target).body).values(of: "candle_date_time_utc")
    }
}
