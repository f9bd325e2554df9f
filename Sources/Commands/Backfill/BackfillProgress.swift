import CivilTime
import DAGModel
import RunStore
import SchedulerCore

/// How far a backfill is: a bar, its rate, and when it will be through.
struct BackfillProgress {
    private let width: Int
    /// What was seen, oldest first, of the last while: the rate is taken from it.
    private var seen: [(at: Timestamp, decided: Int)] = []

    /// How much of the past the rate looks at.
    private static let window = Duration.seconds(60)

    init(width: Int = 24) { self.width = width }

    /// The line for a backfill as it stands now.
    ///
    /// - Parameter active: its runs under way, if they were counted.
    mutating func line(_ backfill: BackfillRecord, active: Int?, now: Timestamp) -> String {
        let decided = backfill.created + backfill.skipped
        let done = max(0, decided - (active ?? 0))
        seen.append((now, done))
        let oldest = now - Self.window
        if let young = seen.firstIndex(where: { $0.at >= oldest }), young > 0 { seen.removeFirst(young) }
        let share = backfill.total > 0 ? Double(done) / Double(backfill.total) : 1
        let full = min(width, Int(share * Double(width)))
        var text = "[" + String(repeating: "█", count: full) + String(repeating: "·", count: width - full) + "] "
        text += "\(done) of \(backfill.total)"
        if let active, active > 0 { text += ", \(active) under way" }
        if backfill.state != .running { text += ", \(backfill.state.rawValue)" }
        guard let rate = rate(backfill, now: now), rate > 0, backfill.state == .running else { return text }
        text += ", " + Self.text(rate: rate)
        let left = Double(backfill.total - done) / rate
        guard left < 10 * 365 * 86_400 else { return text }
        let end = now + .milliseconds(Int64(left * 1_000))
        return text + ", done in \(Duration.seconds(Int64(left.rounded(.up))).humanText(units: 2)) (\(Self.clock(end)))"
    }

    /// Runs a second: over the last minute, else since the backfill began.
    private func rate(_ backfill: BackfillRecord, now: Timestamp) -> Double? {
        if let first = seen.first, let last = seen.last, last.decided > first.decided {
            return Double(last.decided - first.decided) / Self.seconds(last.at - first.at)
        }
        guard let last = seen.last, last.decided > 0 else { return nil }
        let since = Self.seconds(now - backfill.createdAt)
        return since > 0 ? Double(last.decided) / since : nil
    }

    private static func seconds(_ duration: Duration) -> Double {
        max(Double(duration.wholeMicroseconds) / 1_000_000, 0.001)
    }

    static func text(rate: Double) -> String {
        if rate >= 10 { return "\(Int(rate.rounded())) a second" }
        if rate >= 1 { return "\(tenths(rate)) a second" }
        if rate * 60 >= 1 { return "\(tenths(rate * 60)) a minute" }
        return "\(tenths(rate * 3_600)) an hour"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    private static func clock(_ end: Timestamp) -> String {
        Timestamp(seconds: end.seconds).iso8601
    }
}
