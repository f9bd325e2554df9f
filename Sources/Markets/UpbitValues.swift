import CivilTime

/// Upbit's own words, read where they stand.
extension JSONReader {
    private static let bid = BytePattern("\"BID\"")
    private static let ask = BytePattern("\"ASK\"")
    private static let realtime = BytePattern("\"REALTIME\"")
    private static let snapshot = BytePattern("\"SNAPSHOT\"")

    /// ASK or BID.
    @inline(__always)
    mutating func takerSide() throws(MalformedData) -> Trade.TakerSide {
        skipSpace()
        if take(Self.bid) { return .bid }
        if take(Self.ask) { return .ask }
        switch try string() {
        case "BID": return .bid
        case "ASK": return .ask
        case let other: throw failure("\"\(other)\" is neither ASK nor BID")
        }
    }

    /// SNAPSHOT rather than REALTIME.
    @inline(__always)
    mutating func isSnapshot() throws(MalformedData) -> Bool {
        skipSpace()
        if take(Self.realtime) { return false }
        if take(Self.snapshot) { return true }
        switch try string() {
        case "REALTIME": return false
        case "SNAPSHOT": return true
        case let other: throw failure("\"\(other)\" is neither SNAPSHOT nor REALTIME")
        }
    }

    /// RISE, EVEN or FALL.
    mutating func change() throws(MalformedData) -> Ticker.Change {
        switch try string() {
        case "RISE": .rise
        case "EVEN": .even
        case "FALL": .fall
        case let other: throw failure("\"\(other)\" is none of RISE, EVEN and FALL")
        }
    }

    /// The levels of both sides, best first; the zeros that pad a thin side are dropped, any other disorder is refused.
    mutating func bookLevels(_ table: FieldTable, into book: inout OrderBook) throws(MalformedData) {
        book.asks.reserveCapacity(15)
        book.bids.reserveCapacity(15)
        try array { (reader: inout JSONReader, _: Int) throws(MalformedData) in
            var ask = OrderBook.Level(price: .zero, size: .zero)
            var bid = ask
            try reader.object(table) { (reader: inout JSONReader, field: Int) throws(MalformedData) in
                switch field {
                case 0: ask.price = try reader.amount()
                case 1: bid.price = try reader.amount()
                case 2: ask.size = try reader.amount()
                default: bid.size = try reader.amount()
                }
            }
            if !ask.price.isZero, !ask.size.isZero {
                if let last = book.asks.last, last.price >= ask.price {
                    throw reader.failure("the ask at \(ask.price) follows the one at \(last.price)")
                }
                book.asks.append(ask)
            }
            if !bid.price.isZero, !bid.size.isZero {
                if let last = book.bids.last, last.price <= bid.price {
                    throw reader.failure("the bid at \(bid.price) follows the one at \(last.price)")
                }
                book.bids.append(bid)
            }
        }
    }
}
