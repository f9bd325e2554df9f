import CivilTime
import DequeModule

/// The trades of one market that passed lately, so that a repeated one is recognised.
///
/// An optimisation: who stores trades must recognise them for good. Bounded in number and in time.
struct TradeLedger: Sendable {
    private var order: Deque<(id: Int64, tradedAt: Timestamp)> = []
    private var ids: Set<Int64> = []
    /// The latest time of any trade taken.
    private(set) var newest: Timestamp?
    /// Trades from then on are all remembered; nil before the first.
    private(set) var remembersSince: Timestamp?

    /// Always remembered, however old: a quiet market's last trade comes again with every subscription.
    private static let least = 16

    /// False for a trade that is remembered.
    mutating func take(id: Int64, tradedAt: Timestamp, most: Int, span: Duration) -> Bool {
        // Of a long gap only the end is remembered, so that it does not push out what is coming in.
        if let newest, tradedAt < newest - span, order.count >= Self.least { return !ids.contains(id) }
        guard ids.insert(id).inserted else { return false }
        order.append((id, tradedAt))
        newest = max(newest ?? tradedAt, tradedAt)
        remembersSince = min(remembersSince ?? tradedAt, tradedAt)
        let oldest = (newest ?? tradedAt) - span
        while order.count > Self.least, let first = order.first, order.count > most || first.tradedAt < oldest {
            order.removeFirst()
            ids.remove(first.id)
            // Trades come in nearly their order; what is forgotten may be among the later ones.
            remembersSince = max(remembersSince ?? first.tradedAt, first.tradedAt + .milliseconds(1))
        }
        return true
    }

    /// Forgets a trade that was taken and lost afterwards, so that it is found missing.
    mutating func forget(id: Int64) {
        // Its place in the order stays; it only lets the other ones be forgotten a little earlier.
        ids.remove(id)
    }

    var count: Int { ids.count }
}
