import CivilTime

/// The trades that were to be sent: what an audit compares a store with.
extension UpbitAPI {
    /// Rows of one answer; more are asked for in several stretches.
    private static let mostRows = 500_000

    /// `/v1/_sent?market=…&from=…&to=…&format=csv|json`: every made trade with `from <= time < to`, oldest first.
    ///
    /// Faults are not in it, and nothing that lies ahead of the exchange's present.
    func ledger(_ target: RequestTarget, now: Timestamp) -> ExchangeReply {
        guard let code = target.value("market"), let market = try? market(code: code) else {
            return ExchangeDesk.refusal("name a market of this exchange: market=KRW-BTC")
        }
        guard let from = instant(target.value("from")), let end = instant(target.value("to")) else {
            return ExchangeDesk.refusal(
                "name the stretch with from= and to= (excluded), each an ISO 8601 instant or Unix milliseconds")
        }
        let shift = clock.shiftSeconds * 1000
        // What lies outside the recording, however far, is its edge; a stretch that ends before it begins is empty.
        let (first, last) = (clock.servedSpan.start.milliseconds, clock.servedSpan.end.milliseconds)
        let start = min(max(from, first), last)
        let to = max(start, min(end, last, now.milliseconds + 1))
        let trades = market.trades(from: start - shift, to: to - shift, limit: Self.mostRows + 1)
        guard trades.count <= Self.mostRows else {
            return ExchangeDesk.refusal("these are more than \(Self.mostRows) trades; ask for a shorter stretch")
        }
        var json = JSONBytes(reserving: trades.count * 100 + 100)
        if target.value("format") == "json" {
            json.array(trades) { json, trade in
                json.raw("{\"sequential_id\":")
                json.integer(trade.sequentialID(shift: shift))
                json.raw(",\"timestamp\":")
                json.integer(trade.time + shift)
                json.raw(",\"trade_price\":")
                json.decimal(trade.price)
                json.raw(",\"trade_volume\":")
                json.decimal(trade.volume)
                json.raw(trade.isBid ? ",\"ask_bid\":\"BID\"}" : ",\"ask_bid\":\"ASK\"}")
            }
            return .json(json, derived: "all, made from the recorded candles")
        }
        json.raw("market,sequential_id,timestamp,price,volume,ask_bid\n")
        for trade in trades {
            json.raw(Array(market.code.utf8))
            json.raw(",")
            json.integer(trade.sequentialID(shift: shift))
            json.raw(",")
            json.integer(trade.time + shift)
            json.raw(",")
            json.decimal(trade.price)
            json.raw(",")
            json.decimal(trade.volume)
            json.raw(trade.isBid ? ",BID\n" : ",ASK\n")
        }
        var reply = ExchangeReply(status: 200, body: json.bytes, contentType: "text/csv;charset=UTF-8")
        reply.derived = "all, made from the recorded candles"
        return reply
    }

    /// The first whole millisecond not before an instant in either spelling: trades have whole ones.
    private func instant(_ text: String?) -> Int64? {
        guard let text else { return nil }
        return Int64(text) ?? Timestamp(iso8601: text).map { ($0 + .microseconds(999)).milliseconds }
    }
}
