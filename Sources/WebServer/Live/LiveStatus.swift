import CivilTime
import Collecting

/// How the real-time path is, in one sentence: from the age of the last good message, never from a guess.
struct LiveStatus: Sendable {
    enum Tone: String, Sendable { case good, warn, bad }

    let tone: Tone
    let text: String

    var json: String { "{\"tone\":\"\(tone.rawValue)\",\"text\":\(LiveJSON.quoted(text))}" }

    /// - Parameters:
    ///   - collectors: nil when they did not answer.
    ///   - markets: of these markets; nil for all.
    init(_ collectors: [CollectorStatus]?, of markets: Set<LiveMarketID>?, _ words: TimeWords) {
        guard let collectors else {
            self = .unanswered
            return
        }
        let ours = collectors.filter { collector in
            guard let markets else { return true }
            return markets.contains { $0.exchange == collector.exchange && collector.markets.contains($0.market) }
        }
        // A market that several collect is as live as the best of them; a list is as live as the worst.
        let shown =
            markets == nil
            ? ours.max { Self.badness($0) < Self.badness($1) } : ours.min { Self.badness($0) < Self.badness($1) }
        guard let shown else {
            let text =
                collectors.isEmpty ? "No collector runs: nothing new comes." : "No collector collects this market."
            (self.tone, self.text) = (.warn, text)
            return
        }
        (tone, text) = Self.sentence(shown, words)
    }

    /// The path was asked and says nothing.
    static let unanswered = LiveStatus(
        tone: .bad, text: "The real-time path does not answer; what is shown may be old.")

    private init(tone: Tone, text: String) {
        self.tone = tone
        self.text = text
    }

    static func badness(_ collector: CollectorStatus) -> Int {
        switch collector.state {
        case .running: 0
        case .starting: 1
        case .stalled: 2
        case .reconnecting: 3
        case .failing: 4
        case .stopped: 5
        }
    }

    static func sentence(_ collector: CollectorStatus, _ words: TimeWords) -> (Tone, String) {
        let age = collector.lastMessageAt.map { TimeWords.duration(words.now - $0) }
        let last = age.map { "the last message is \($0) old" } ?? "no message has come yet"
        let reason = collector.reason.isEmpty ? "" : " (\(collector.reason))"
        let name = collector.exchange
        return switch collector.state {
        case .running: (.good, "Live from \(name).")
        case .starting: (.warn, "Connecting to \(name)\(reason): \(last).")
        case .stalled: (.warn, "\(name) is connected but silent\(reason): \(last).")
        case .reconnecting: (.warn, "Connecting to \(name) again\(reason): \(last).")
        case .failing: (.bad, "\(name) cannot be reached\(reason): \(last). It goes on trying.")
        case .stopped: (.bad, "Collecting from \(name) has been stopped\(reason): \(last).")
        }
    }
}
