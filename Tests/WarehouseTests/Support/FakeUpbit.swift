import CivilTime
import HTTPClient
import LoopbackHTTP
import Markets
import Synchronization

/// Upbit's candles and tickers on loopback, from rows that a test gives; faults on request.
final class FakeUpbit: Sendable {
    struct Row: Sendable {
        var open, high, low, close, volume: String
    }

    private struct State {
        var rows: [String: [Int64: Row]] = [:]
        /// Candles that open at or after this do not show.
        var present: Timestamp?
        /// What the next requests for a market meet instead of an answer; the key "" is any market.
        var faults: [String: [[LoopbackStep]]] = [:]
        var tickers = "[]"
        var tickerHeaders: [(String, String)] = []
        var targets: [String] = []
    }

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    private let server: LoopbackServer
    private let box: Box

    var url: String { server.url }
    /// Path and query of each request so far.
    var targets: [String] { box.state.withLock { $0.targets } }

    init() throws {
        let box = Box()
        self.box = box
        server = try LoopbackServer { request in Self.answer(request.target, box) }
    }

    deinit { server.stop() }

    /// Gives a market a row for each hour of the interval, except some.
    func fill(_ market: String, _ interval: DataInterval, except: Set<Timestamp> = []) {
        var hour = interval.start
        box.state.withLock { state in
            while hour < interval.end {
                if !except.contains(hour) {
                    let price = 1_000 + hour.seconds / 3600 % 97
                    state.rows[market, default: [:]][hour.seconds] = Row(
                        open: "\(price).0", high: "\(price + 9).5", low: "\(price - 9)", close: "\(price + 1).25",
                        volume: "0.5")
                }
                hour += .seconds(3600)
            }
        }
    }

    func set(_ market: String, _ hour: Timestamp, _ row: Row) {
        box.state.withLock { $0.rows[market, default: [:]][hour.seconds] = row }
    }

    func show(until present: Timestamp) { box.state.withLock { $0.present = present } }

    /// What the next request meets (for a market, or any) instead of its answer.
    func fail(_ steps: LoopbackStep..., for market: String = "") {
        box.state.withLock { $0.faults[market, default: []].append(steps) }
    }

    func setTickers(_ markets: [String], at time: Timestamp, headers: [(String, String)] = []) {
        let rows = markets.map { market in
            """
            {"market":"\(market)","trade_timestamp":\(time.seconds * 1000),"opening_price":10.0,"high_price":12,\
            "low_price":9.5,"trade_price":11.00000000,"prev_closing_price":10,"change":"RISE",\
            "signed_change_price":1,"signed_change_rate":0.1,"trade_volume":1,"acc_trade_price":1E2,\
            "acc_trade_price_24h":200,"acc_trade_volume":10,"acc_trade_volume_24h":20,\
            "timestamp":\(time.seconds * 1000)}
            """
        }
        box.state.withLock { state in
            state.tickers = "[" + rows.joined(separator: ",") + "]"
            state.tickerHeaders = headers
        }
    }

    private static func answer(_ target: String, _ box: Box) -> [LoopbackStep] {
        let query = target.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        var values: [Substring: String] = [:]
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            values[sides[0]] = sides[1].split(separator: "%3A", omittingEmptySubsequences: false).joined(separator: ":")
        }
        let market = values["market"] ?? ""
        return box.state.withLock { state in
            state.targets.append(target)
            for key in [market, ""] where state.faults[key]?.isEmpty == false {
                if let steps = state.faults[key]?.removeFirst() { return steps }
            }
            if target.hasPrefix("/v1/ticker/all") {
                return [.reply(headers: state.tickerHeaders, text: state.tickers)]
            }
            guard let rows = state.rows[market] else {
                return [.reply(404, text: #"{"error":{"name":404,"message":"Code not found"}}"#)]
            }
            var end = values["to"].flatMap { Timestamp(iso8601: $0) }?.seconds ?? .max
            if let present = state.present { end = min(end, present.seconds) }
            let hours = rows.keys.filter { $0 < end }.sorted(by: >).prefix(values["count"].flatMap { Int($0) } ?? 1)
            let elements = hours.compactMap { hour in rows[hour].map { json(market, hour, $0) } }
            let body = "[" + elements.joined(separator: ",") + "]"
            return [.reply(headers: [("X-Derived", "candle_acc_trade_price")], text: body)]
        }
    }

    private static func json(_ market: String, _ hour: Int64, _ row: Row) -> String {
        """
        {"market":"\(market)","candle_date_time_utc":"\(Timestamp(seconds: hour).iso8601.dropLast())",\
        "opening_price":\(row.open),"high_price":\(row.high),"low_price":\(row.low),"trade_price":\(row.close),\
        "timestamp":\((hour + 3599) * 1000),"candle_acc_trade_price":1000.50000000,\
        "candle_acc_trade_volume":\(row.volume),"unit":60}
        """
    }
}
