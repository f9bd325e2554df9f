import CivilTime
import DAGModel
import Execution
import Markets

/// What a task wants fetched, checked.
struct MarketFetchArguments: Sendable {
    var exchange = Exchange.upbit
    var endpoint = MarketEndpoint.candles
    /// Candles only.
    ///
    /// An hour or more, so that coverage counts whole candles.
    var unit = CandleUnit.oneHour
    /// Candles only; without repetitions, in the document's order.
    var markets: [MarketCode] = []
    /// Tickers only: the currency of the prices.
    var quote = "KRW"
    /// Candles only: the stretch asked for; nil is the run's data interval.
    var stretch: DataInterval?
    /// Tickers only: how late a scheduled run may start.
    var skipAfter = Duration.seconds(600)

    static let units: [Int64: CandleUnit] = [60: .oneHour, 240: .fourHours]

    /// Throws ``TaskFailure``, not retryable, naming every argument that cannot be used.
    init(_ given: [String: JSONValue]) throws {
        var problems: [String] = []
        func choice<Value: RawRepresentable<String>>(_ name: String, _ known: [Value]) -> Value? {
            guard let text = given[name]?.stringValue else {
                problems.append("\(name) is missing: give \(Self.list(known.map(\.rawValue)))")
                return nil
            }
            if let value = known.first(where: { $0.rawValue == text }) { return value }
            problems.append("\(name) \"\(text)\" is unknown: give \(Self.list(known.map(\.rawValue)))")
            return nil
        }
        exchange = choice("exchange", MarketGateway.exchanges) ?? exchange
        endpoint = choice("endpoint", MarketEndpoint.allCases) ?? endpoint
        switch endpoint {
        case .candles:
            readUnit(given["unit"], &problems)
            readMarkets(given["markets"], &problems)
            readStretch(given["start"], given["end"], &problems)
        case .ticker24h:
            readQuote(given["quote"], &problems)
            readSkipAfter(given["skip_after"], &problems)
        }
        guard problems.isEmpty else {
            throw TaskFailure("market_fetch: " + problems.joined(separator: "; "), isRetryable: false)
        }
    }

    private mutating func readUnit(_ value: JSONValue?, _ problems: inout [String]) {
        guard let value = Self.present(value) else { return }
        let minutes = value.intValue ?? value.stringValue.flatMap { Int64($0) }
        if let known = minutes.flatMap({ Self.units[$0] }) {
            unit = known
        } else {
            problems.append("unit is a candle's length in minutes: 60 or 240")
        }
    }

    private mutating func readMarkets(_ value: JSONValue?, _ problems: inout [String]) {
        var names: [String]?
        if let list = value?.arrayValue {
            let texts = list.compactMap(\.stringValue)
            names = texts.count == list.count ? texts : nil
        } else if let text = value?.stringValue {
            // A template renders to a text.
            names = text.split(separator: ",").map { $0.split(separator: " ").joined() }
        }
        guard let names, !names.isEmpty else {
            problems.append("markets is missing: give a list such as [KRW-BTC, KRW-ETH]")
            return
        }
        for name in names {
            guard let market = MarketCode(name) else {
                problems.append("markets: \"\(name.prefix(40))\" is not a market such as KRW-BTC")
                continue
            }
            if !markets.contains(market) { markets.append(market) }
        }
    }

    private mutating func readStretch(_ start: JSONValue?, _ end: JSONValue?, _ problems: inout [String]) {
        let (start, end) = (Self.present(start), Self.present(end))
        if start == nil && end == nil { return }
        let first = instant("start", start, &problems)
        let last = instant("end", end, &problems)
        guard let first, let last else { return }
        if first < last {
            stretch = DataInterval(start: first, end: last)
        } else {
            problems.append("start \(first.iso8601) is not before end \(last.iso8601)")
        }
    }

    private func instant(_ name: String, _ value: JSONValue?, _ problems: inout [String]) -> Timestamp? {
        guard let value else {
            problems.append("\(name) is missing: give both start and end, or neither for the run's data interval")
            return nil
        }
        guard let instant = value.stringValue.flatMap({ Timestamp(iso8601: $0) }) else {
            problems.append("\(name) is not a time such as 2026-01-01T00:00:00Z")
            return nil
        }
        guard unit.isAligned(instant) else {
            problems.append("\(name) \(instant.iso8601) is not the start of a \(unit) candle: give whole hours in UTC")
            return nil
        }
        return instant
    }

    private mutating func readQuote(_ value: JSONValue?, _ problems: inout [String]) {
        guard let value = Self.present(value) else { return }
        // A made-up market is the shortest check of a currency's form.
        if let text = value.stringValue, MarketCode("\(text)-X") != nil {
            quote = text
        } else {
            problems.append("quote is the currency of the prices, such as KRW")
        }
    }

    private mutating func readSkipAfter(_ value: JSONValue?, _ problems: inout [String]) {
        guard let value = Self.present(value) else { return }
        let text = value.stringValue ?? value.intValue.map { String($0) } ?? ""
        if let duration = try? Duration(parsing: text), duration >= .zero {
            skipAfter = duration
        } else {
            problems.append("skip_after is a duration such as 10m")
        }
    }

    /// The value, unless it is what a template renders for a variable that the run does not have.
    private static func present(_ value: JSONValue?) -> JSONValue? {
        switch value {
        case nil, .null: nil
        case .string(let text):
            ["", "none", "null"].contains(text.split(separator: " ").joined().lowercased()) ? nil : value
        default: value
        }
    }

    private static func list(_ tokens: [String]) -> String { tokens.joined(separator: " or ") }
}
