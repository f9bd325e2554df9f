import CivilTime
import Collecting

/// `/collectors`: what every collector does, and how the real-time path keeps up.
struct CollectorsPage {
    let words: TimeWords

    static let marketsShown = 12

    static func page(_ live: (any LiveMarkets)?, _ words: TimeWords) async throws -> SitePage {
        guard let live else {
            return .view(
                "Collectors", section: "collectors", "collectors", ["note": LiveLook.nothingLive])
        }
        async let collectors = live.collectors()
        let figures = try await live.figures()
        let content = CollectorsPage(words: words).content(try await collectors, figures)
        return .view("Collectors", section: "collectors", "collectors", content.merging(["isLive": true]) { $1 })
    }

    /// What the template `board` shows, which is also sent anew every second.
    func content(_ collectors: [CollectorStatus], _ figures: StreamFigures) -> [String: Any] {
        let running = collectors.count { $0.state == .running }
        var content: [String: Any] = ["any": !collectors.isEmpty, "rows": collectors.map(row)]
        if collectors.isEmpty { content["note"] = "No collector runs: nothing is collected." }
        content["summary"] = Self.summary(running, of: collectors.count)
        content["tone"] = running == collectors.count ? "good" : "bad"
        content["asOf"] = TimeWords.full(words.now)
        content["figures"] = facts(figures)
        return content
    }

    private static func summary(_ running: Int, of all: Int) -> String {
        if running == all { return all == 1 ? "The collector runs." : "All \(all) collectors run." }
        return all == 1
            ? "The collector does not run as it should." : "\(running) of \(all) collectors run as they should."
    }

    private func facts(_ figures: StreamFigures) -> [[String: Any]] {
        var facts: [(String, String)] = [
            ("messages passed on", Self.count(figures.messages.reduce(0) { $0 + $1.messages })),
            ("trades stored", Self.count(figures.storedTrades)),
            ("already known", Self.count(figures.duplicateTrades)),
            ("dead letters", Self.count(figures.deadLetters)),
            ("waiting for the database", Self.count(figures.waiting)),
        ]
        if let last = figures.lastCommitSeconds, last.isFinite {
            facts.append(("for the last commit", TimeWords.duration(.microseconds(Int64(min(last, 1e6) * 1e6)))))
        }
        return facts.map { ["name": $0.0, "value": $0.1] }
    }

    private func row(_ collector: CollectorStatus) -> [String: Any] {
        let look = Self.look(collector.state)
        var row: [String: Any] = [
            "exchange": collector.exchange, "name": collector.name, "reason": collector.reason,
            "look": ["class": look.cssClass, "sign": look.sign, "words": collector.state.rawValue],
            "since": "since \(TimeWords.full(collector.since))",
            "for": "for \(words.duration(from: collector.since, to: nil))",
            "rate": NumberText.fixed(collector.rate, decimals: collector.rate < 10 ? 1 : 0) + "/s",
            "spark": Sparkline(counts: collector.history).html.html,
            "lag": collector.lagSeconds.map(Self.lag) ?? "–", "reconnects": Self.count(collector.reconnects),
            "gaps": Self.count(collector.gaps),
            "filled": "\(Self.count(collector.filledTrades)) trade\(collector.filledTrades == 1 ? "" : "s") filled",
            "shed": Self.count(collector.shed), "malformed": Self.count(collector.malformed),
            "messages": Self.count(collector.messages),
        ]
        if let last = collector.lastMessageAt {
            row["age"] = words.relative(last)
            row["last"] = TimeWords.full(last)
        } else {
            row["age"] = "none yet"
        }
        let shown = collector.markets.prefix(Self.marketsShown).map { market -> [String: Any] in
            ["href": PageLink.live(LiveMarketID(exchange: collector.exchange, market: market)), "market": market]
        }
        row["markets"] = shown
        let rest = collector.markets.count - shown.count
        if rest > 0 { row["rest"] = "and \(rest) more" }
        return row
    }

    private static func look(_ state: CollectorState) -> (cssClass: String, sign: String) {
        switch state {
        case .starting: ("s-queued", "…")
        case .running: ("s-success", "▶")
        case .stalled: ("s-up_for_retry", "◷")
        case .reconnecting: ("s-upstream_failed", "↻")
        case .stopped: ("s-removed", "■")
        case .failing: ("s-failed", "✕")
        }
    }

    private static func count(_ number: Int) -> String { NumberText.grouped(String(number)) }

    /// Clocks that differ can make it negative.
    private static func lag(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "–" }
        let size = abs(seconds)
        let text =
            size < 1
            ? NumberText.fixed(size * 1_000, decimals: size < 0.01 ? 1 : 0) + " ms"
            : NumberText.fixed(size, decimals: 1) + " s"
        return (seconds < 0 ? "−" : "") + text
    }
}
