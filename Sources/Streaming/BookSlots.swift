import CivilTime
import Markets

/// The newest order book of each market's half seconds that are not stored yet.
///
/// A half second is told by the exchange's own time, so two workers that hear the same books keep the same rows.
struct BookSlots {
    /// The length of a slot in microseconds.
    static let length: Int64 = 500_000
    /// The most slots that wait, of all markets together; the oldest go first.
    static let limit = 20_000

    struct Slot: Hashable {
        let key: StreamKey
        let start: Timestamp
    }

    private(set) var books: [Slot: (book: OrderBook, receivedAt: Timestamp)] = [:]

    var isEmpty: Bool { books.isEmpty }

    /// Takes a message's book, if it has one and that is the newest of its slot.
    mutating func take(_ message: StreamMessage) {
        guard case .orderBook(let book) = message.event else { return }
        let start = book.exchangeTime.microseconds.flooredQuotient(Self.length) * Self.length
        let slot = Slot(
            key: StreamKey(exchange: message.exchange, market: book.market), start: Timestamp(microseconds: start))
        if let known = books[slot],
            (known.book.exchangeTime, known.receivedAt) > (book.exchangeTime, message.receivedAt)
        {
            return
        }
        books[slot] = (book, message.receivedAt)
    }

    /// Puts slots back that could not be stored; books that came meanwhile are newer.
    ///
    /// Answers how many had to be given up.
    mutating func putBack(_ slots: BookSlots) -> Int {
        books.merge(slots.books) { newer, _ in newer }
        let excess = books.count - Self.limit
        guard excess > 0 else { return 0 }
        for slot in books.keys.sorted(by: { $0.start < $1.start }).prefix(excess) { books[slot] = nil }
        return excess
    }
}
