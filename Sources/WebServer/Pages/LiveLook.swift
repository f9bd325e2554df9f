import CivilTime
import Collecting

/// What the live pages have in common.
enum LiveLook {
    static let nothingLive =
        "No real-time path runs in this program: it was started with --no-stream, or its recorded clock stands still."

    /// Keys `tone` and `status`.
    static func status(
        _ collectors: [CollectorStatus], of markets: Set<LiveMarketID>?, _ words: TimeWords
    ) -> [String: Any] {
        let status = LiveStatus(collectors, of: markets, words)
        return ["tone": status.tone.rawValue, "status": status.text]
    }

    /// A market's figures as text; a dash for what has not come yet.
    static func figures(_ snapshot: LiveSnapshot) -> [String: Any] {
        let newest = snapshot.newestPrice
        var view: [String: Any] = [
            "price": newest.map { NumberText.grouped($0.price) } ?? "–", "change": "–", "direction": "flat",
            "rate": "–", "high": "–", "low": "–", "open": "–", "previous": "–", "volume": "–", "value": "–",
            "at": newest?.at.iso8601 ?? "",
            "time": newest.map { TimeWords.absolute($0.at) } ?? "nothing yet",
        ]
        guard let ticker = snapshot.ticker else { return view }
        let rate = Double(ticker.changeRate) ?? 0
        view["direction"] = rate > 0 ? "up" : rate < 0 ? "down" : "flat"
        view["rate"] = NumberText.percent(rate, signed: true)
        view["change"] = NumberText.signed(ticker.change)
        view["high"] = NumberText.grouped(ticker.high)
        view["low"] = NumberText.grouped(ticker.low)
        view["open"] = NumberText.grouped(ticker.open)
        view["previous"] = NumberText.grouped(ticker.previousClose)
        view["volume"] = NumberText.amount(ticker.volume24h)
        view["value"] = NumberText.amount(ticker.value24h)
        return view
    }

    /// Upbit names the quote currency first.
    static func quote(_ id: LiveMarketID) -> String { String(id.market.prefix { $0 != "-" }) }
    static func base(_ id: LiveMarketID) -> String {
        id.market.contains("-") ? String(id.market.drop { $0 != "-" }.dropFirst()) : ""
    }
}
