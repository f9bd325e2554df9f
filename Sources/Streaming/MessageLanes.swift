import DequeModule
import Markets

/// Messages that wait, in the order they came; when there are too many, order books are shed first, then tickers, then
/// trades, the oldest of each kind first.
///
/// They lie in one lane for each kind, numbered, so that shedding costs nothing however many there are; taking puts the
/// lanes together again by their numbers.
struct MessageLanes: Sendable {
    private struct Numbered: Sendable {
        let number: UInt64
        let message: StreamMessage
    }

    /// The kinds in the order in which they are shed.
    static let kinds: [MarketEvent.Kind] = [.orderBook, .ticker, .trade]

    /// The place of a message's kind in ``kinds``.
    static func lane(of message: StreamMessage) -> Int {
        switch message.event {
        case .orderBook: 0
        case .ticker: 1
        case .trade: 2
        }
    }

    private var lanes = [Deque<Numbered>](repeating: [], count: kinds.count)
    private var lastNumber: UInt64 = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ message: StreamMessage) {
        lastNumber += 1
        count += 1
        lanes[Self.lane(of: message)].append(Numbered(number: lastNumber, message: message))
    }

    /// Adds a message; returns the one that is shed for it when there are more than `most` then.
    mutating func append(_ message: StreamMessage, most: Int) -> StreamMessage? {
        append(message)
        guard count > most, let lane = lanes.firstIndex(where: { !$0.isEmpty }) else { return nil }
        count -= 1
        return lanes[lane].removeFirst().message
    }

    /// Takes the oldest messages, at most so many.
    mutating func take(_ most: Int = .max) -> [StreamMessage] {
        let wanted = min(most, count)
        var taken: [StreamMessage] = []
        taken.reserveCapacity(wanted)
        while taken.count < wanted {
            var oldest = 0
            var smallest = UInt64.max
            for lane in lanes.indices {
                if let first = lanes[lane].first?.number, first < smallest { (oldest, smallest) = (lane, first) }
            }
            taken.append(lanes[oldest].removeFirst().message)
        }
        count -= wanted
        return taken
    }
}
