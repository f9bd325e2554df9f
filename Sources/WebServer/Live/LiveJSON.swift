import CivilTime

/// Market values as JSON text: what sockets, event streams and the API send.
///
/// Decimals are strings, so that no reader rounds them; times are ISO 8601 with `Z`.
enum LiveJSON {
    static func trade(_ id: LiveMarketID, _ trade: LiveTrade) -> String {
        head("trade", id) + "," + fields(trade) + "}"
    }

    static func ticker(_ id: LiveMarketID, _ ticker: LiveTicker) -> String {
        head("ticker", id) + "," + fields(ticker) + "}"
    }

    static func book(_ id: LiveMarketID, _ book: LiveBook, depth: Int = 15) -> String {
        head("orderbook", id) + "," + fields(book, depth: depth) + "}"
    }

    /// What is known of a market, with the newest trades if any are given.
    static func snapshot(
        _ snapshot: LiveSnapshot, trades: [LiveTrade] = [], kinds: Set<LiveKind> = Set(LiveKind.allCases)
    ) -> String {
        var text = head("snapshot", snapshot.id)
        if kinds.contains(.trade) {
            let trades = trades.isEmpty ? [snapshot.trade].compactMap { $0 } : trades
            text += ",\"trades\":[" + trades.map { "{" + fields($0) + "}" }.joined(separator: ",") + "]"
        }
        if kinds.contains(.ticker) {
            text += ",\"ticker\":" + (snapshot.ticker.map { "{" + fields($0) + "}" } ?? "null")
        }
        if kinds.contains(.book) {
            text += ",\"orderbook\":" + (snapshot.book.map { "{" + fields($0, depth: 15) + "}" } ?? "null")
        }
        return text + "}"
    }

    static func fields(_ trade: LiveTrade) -> String {
        "\"at\":\"\(trade.at.iso8601)\",\"price\":\(quoted(trade.price)),\"volume\":\(quoted(trade.volume)),"
            + "\"side\":\"\(trade.side.rawValue)\",\"sequential_id\":\"\(trade.sequentialID)\""
    }

    static func fields(_ ticker: LiveTicker) -> String {
        "\"at\":\"\(ticker.at.iso8601)\",\"price\":\(quoted(ticker.price)),\"change\":\(quoted(ticker.change)),"
            + "\"change_rate\":\(quoted(ticker.changeRate)),\"previous_close\":\(quoted(ticker.previousClose)),"
            + "\"open\":\(quoted(ticker.open)),\"high\":\(quoted(ticker.high)),\"low\":\(quoted(ticker.low)),"
            + "\"volume_24h\":\(quoted(ticker.volume24h)),\"value_24h\":\(quoted(ticker.value24h))"
    }

    static func fields(_ book: LiveBook, depth: Int) -> String {
        "\"at\":\"\(book.at.iso8601)\",\"bids\":\(levels(book.bids, depth)),\"asks\":\(levels(book.asks, depth))"
    }

    static func fields(_ candle: LiveCandle) -> String {
        "\"open_time\":\"\(candle.openTime.iso8601)\",\"open\":\(quoted(candle.open)),\"high\":\(quoted(candle.high)),"
            + "\"low\":\(quoted(candle.low)),\"close\":\(quoted(candle.close)),\"volume\":\(quoted(candle.volume)),"
            + "\"value\":\(quoted(candle.value))"
    }

    /// `"text"` with what JSON asks to be escaped.
    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else { return "\"\(text)\"" }
        var bytes: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += "\\n".utf8
            case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "1")\(String(byte & 15, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An object's beginning: its type and its market.
    static func head(_ type: String, _ id: LiveMarketID) -> String {
        "{\"type\":\"\(type)\",\"exchange\":\(quoted(id.exchange)),\"symbol\":\(quoted(id.market))"
    }

    private static func levels(_ levels: [LiveLevel], _ depth: Int) -> String {
        var text = "["
        for (place, level) in levels.prefix(depth).enumerated() {
            if place > 0 { text += "," }
            text += "[\(quoted(level.price)),\(quoted(level.size))]"
        }
        return text + "]"
    }
}
