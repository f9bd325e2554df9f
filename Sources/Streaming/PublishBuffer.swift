import DequeModule
import Markets

/// Messages between the socket and the bus, in the order of their arrival; when full, order books are shed first, then
/// tickers, then trades, the oldest of each kind first.
struct PublishBuffer: Sendable {
    private struct Numbered: Sendable {
        let number: UInt64
        let message: StreamMessage
    }

    private let capacity: Int
    private var books: Deque<Numbered> = []
    private var tickers: Deque<Numbered> = []
    private var trades: Deque<Numbered> = []
    private var lastNumber: UInt64 = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    var count: Int { books.count + tickers.count + trades.count }
    var isEmpty: Bool { count == 0 }

    /// Adds a message; returns the one that was shed for it.
    mutating func append(_ message: StreamMessage) -> StreamMessage? {
        lastNumber += 1
        let numbered = Numbered(number: lastNumber, message: message)
        switch message.event.kind {
        case .orderBook: books.append(numbered)
        case .ticker: tickers.append(numbered)
        case .trade: trades.append(numbered)
        }
        guard count > capacity else { return nil }
        return (books.popFirst() ?? tickers.popFirst() ?? trades.popFirst())?.message
    }

    /// Takes the oldest messages, at most so many.
    mutating func take(_ most: Int) -> [StreamMessage] {
        var taken: [StreamMessage] = []
        taken.reserveCapacity(min(most, count))
        while taken.count < most {
            let book = books.first?.number ?? .max
            let ticker = tickers.first?.number ?? .max
            let trade = trades.first?.number ?? .max
            let next: Numbered? =
                if trade < book, trade < ticker {
                    trades.popFirst()
                } else if book < ticker {
                    books.popFirst()
                } else {
                    tickers.popFirst()
                }
            guard let next else { break }
            taken.append(next.message)
        }
        return taken
    }
}
