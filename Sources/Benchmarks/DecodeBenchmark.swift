import FoundationEssentials
import Lab
import Markets

/// Reads an exchange's messages into market events, on one core, beside Foundation's decoder on the same bytes.
struct DecodeBenchmark {
    let settings: BenchmarkSettings

    /// Messages a second of one kind of load.
    struct Rate {
        let name: String
        let bytes: Int
        var own: [Double] = []
        /// Into structs of binary numbers and strings, which is less than what our reader does.
        var foundation: [Double] = []
    }

    /// Measures each kind by itself and the mix of a real capture, in which three messages of five were trades.
    func run() throws -> [Rate] {
        let trades = StreamSample.trades
        let books = StreamSample.books
        let loads = [
            ("trades and books, 3 : 2", zip(trades, [0, 1, 0]).flatMap { [$0, books[$1]] }.dropLast() + []),
            ("trades", trades), ("books of 15 levels", books), ("tickers, short names", StreamSample.shortTicker),
            ("tickers, long names", StreamSample.ticker),
        ]
        return try loads.map { name, messages in
            var rate = Rate(name: name, bytes: messages.reduce(0) { $0 + $1.count } / messages.count)
            for _ in 0..<settings.repetitions {
                rate.own.append(try own(messages))
                rate.foundation.append(try foundation(messages))
            }
            return rate
        }
    }

    /// How many messages one measurement reads.
    private var count: Int { settings.isQuick ? 100_000 : 400_000 }

    private func own(_ messages: [[UInt8]]) throws -> Double {
        // Through the protocol, as a collector does.
        let dialect: any MarketStreamDialect = UpbitStreamDialect()
        var signals: [StreamSignal] = []
        var events = 0
        let rounds = count / messages.count
        let start = MonotonicClock.nanoseconds
        for _ in 0..<rounds {
            for message in messages {
                message.withUnsafeBufferPointer { dialect.decode($0, into: &signals) }
            }
            for case .event in signals { events += 1 }
            signals.removeAll(keepingCapacity: true)
        }
        let seconds = MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
        guard events == rounds * messages.count else { throw LabFailure("the sample does not decode") }
        return Double(events) / seconds
    }

    private func foundation(_ messages: [[UInt8]]) throws -> Double {
        let decoder = JSONDecoder()
        let data = messages.map { Data($0) }
        let rounds = count / 20 / messages.count
        var events = 0
        let start = MonotonicClock.nanoseconds
        for _ in 0..<rounds {
            for message in data {
                if message.starts(with: Array(#"{"ty":"trade""#.utf8)) {
                    events += try decoder.decode(PlainTrade.self, from: message).sid > 0 ? 1 : 0
                } else if message.starts(with: Array(#"{"ty":"order"#.utf8)) {
                    events += try decoder.decode(PlainBook.self, from: message).obu.isEmpty ? 0 : 1
                } else if message.starts(with: Array(#"{"ty":"ticker""#.utf8)) {
                    events += try decoder.decode(PlainTicker.self, from: message).tp > 0 ? 1 : 0
                } else {
                    events += try decoder.decode(PlainLongTicker.self, from: message).trade_price > 0 ? 1 : 0
                }
            }
        }
        let seconds = MonotonicClock.seconds(from: start, to: MonotonicClock.nanoseconds)
        return Double(events) / seconds
    }
}

// The exchange's own names, which are no style of ours.
// swift-format-ignore: AlwaysUseLowerCamelCase
private struct PlainTrade: Decodable {
    let cd: String
    let ttms: Int64
    let tp, tv: Double
    let ab: String
    let pcp: Double
    let sid: Int64
    let st: String
}

private struct PlainBook: Decodable {
    struct Level: Decodable {
        let ap, bp, `as`, bs: Double
    }

    let cd: String
    let tms: Int64
    let tas, tbs: Double
    let obu: [Level]
    let st: String
}

private struct PlainTicker: Decodable {
    let cd: String
    let op, hp, lp, tp, pcp, atp: Double
    let c: String
    let scp, scr, tv, atv: Double
    let ttms: Int64
    let h52wp: Double
    let h52wdt: String
    let l52wp: Double
    let l52wdt: String
    let tms: Int64
    let atp24h, atv24h: Double
    let st: String
}

// swift-format-ignore: AlwaysUseLowerCamelCase
private struct PlainLongTicker: Decodable {
    let code: String
    let opening_price, high_price, low_price, trade_price, prev_closing_price, acc_trade_price: Double
    let change: String
    let signed_change_price, signed_change_rate, trade_volume, acc_trade_volume: Double
    let trade_timestamp: Int64
    let highest_52_week_price: Double
    let highest_52_week_date: String
    let lowest_52_week_price: Double
    let lowest_52_week_date: String
    let timestamp: Int64
    let acc_trade_price_24h, acc_trade_volume_24h: Double
    let stream_type: String
}
