/// Upbit's WebSocket, version 1 (docs.upbit.com, read in November 2026; probed in September 2026 by others).
///
/// Every message is whole: a book has all its levels, and a new subscription replaces the one before. Unknown codes are
/// silently ignored. Messages come in the formats DEFAULT and SIMPLE, alone or in lists; all four are read.
package struct UpbitStreamDialect: MarketStreamDialect {
    /// The dialect; it has no state.
    package init() {}

    package var exchange: Exchange { .upbit }
    package var defaultStreamURL: String { "wss://api.upbit.com/websocket/v1" }
    /// Documented are 120 s; measured was a close after 60.5 s without anything from the client.
    package var keepAlive: StreamKeepAlive {
        StreamKeepAlive(form: .ping, interval: .seconds(20), idleLimit: .seconds(60))
    }

    package func subscription(_ request: StreamRequest) -> [String] {
        let codes = request.markets.map { "\"\($0)\"" }.joined(separator: ",")
        var parts = [#"{"ticket":\#(Self.quoted(request.ticket))}"#]
        for kind in MarketEvent.Kind.allCases where request.kinds.contains(kind) {
            switch kind {
            case .trade, .ticker:
                parts.append(#"{"type":"\#(kind.rawValue)","codes":[\#(codes)]}"#)
            case .orderBook:
                let units = [1, 5, 15].first { $0 >= request.bookLevels } ?? 30
                let codes = request.markets.map { "\"\($0).\(units)\"" }.joined(separator: ",")
                parts.append(#"{"type":"orderbook","codes":[\#(codes)]}"#)
            }
        }
        parts.append(#"{"format":"\#(request.isShort ? "SIMPLE" : "DEFAULT")"}"#)
        return ["[" + parts.joined(separator: ",") + "]"]
    }

    /// A JSON string; tickets are ours, so only what would break out of the quotes matters.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    package func decode(_ message: UnsafeBufferPointer<UInt8>, into signals: inout [StreamSignal]) {
        let known = signals.count
        do throws(MalformedData) {
            try JSONReader.read(message) { (reader: inout JSONReader) throws(MalformedData) in
                guard try reader.peek() == 0x5B else { return try Self.element(&reader, into: &signals) }
                try reader.array { (reader: inout JSONReader, _: Int) throws(MalformedData) in
                    reader.skipSpace()
                    try Self.element(&reader, into: &signals)
                }
            }
        } catch {
            // What cannot be read to its end is not trusted at its beginning either.
            signals.removeSubrange(known...)
            signals.append(.malformed(error, market: nil))
        }
    }

    /// Reads one object; a senseless one does not spoil its neighbours in a list, but what is no JSON throws.
    private static func element(
        _ reader: inout JSONReader, into signals: inout [StreamSignal]
    ) throws(MalformedData) {
        let start = reader.position
        let depth = reader.currentDepth
        do throws(MalformedData) {
            if let layout = UpbitFrames.layout(at: &reader) {
                signals.append(try UpbitFrames.event(&reader, layout))
            } else {
                signals.append(try UpbitFrames.unusual(&reader))
            }
        } catch {
            let market = UpbitFrames.market(&reader, from: start, depth: depth)
            // When it is not even JSON this throws, and so the whole message is refused.
            try reader.skip(from: start, depth: depth)
            signals.append(.malformed(error, market: market))
        }
    }
}
