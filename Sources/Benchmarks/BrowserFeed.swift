import CivilTime
import Collecting
import Synchronization
import WebServer

/// A real-time path that only publishes made messages about one market, and remembers when it did.
final class BrowserFeed: LiveMarkets {
    static let market = LiveMarketID(exchange: "upbit", market: "KRW-BTC")

    private struct State {
        var subscription: AsyncThrowingStream<[LiveUpdate], any Error>.Continuation?
        var sent: [UInt64] = []
    }

    private let state = Mutex(State())
    private let now = Timestamp.now()

    func collectors() async throws -> [CollectorStatus] { [] }
    func figures() async throws -> StreamFigures { StreamFigures() }
    func symbols() async throws -> [LiveSymbol] { [LiveSymbol(id: Self.market)] }
    func latest() async throws -> [LiveSnapshot] { [LiveSnapshot(id: Self.market)] }
    func latest(_ id: LiveMarketID) async throws -> LiveSnapshot? { LiveSnapshot(id: id) }
    func candles(_ query: CandleQuery) async throws -> [LiveCandle] { [] }
    func trades(_ query: TradeQuery) async throws -> [LiveTrade] { [] }

    func updates(
        _ isWanted: @escaping @Sendable (LiveMarketID, LiveKind) -> Bool
    ) async throws -> any AsyncSequence<[LiveUpdate], any Error> & Sendable {
        let (stream, continuation) = AsyncThrowingStream<[LiveUpdate], any Error>.makeStream()
        state.withLock { $0.subscription = continuation }
        return stream
    }

    /// When trade `number` was published; nil for one that was not.
    func sentAt(_ number: Int) -> UInt64? {
        state.withLock { number >= 0 && number < $0.sent.count ? $0.sent[number] : nil }
    }

    /// Publishes messages at a rate for a while: of five, three are trades, one is an order book, one a ticker.
    func run(perSecond: Int, seconds: Int) async throws {
        let begin = MonotonicClock.nanoseconds
        var published = 0
        let total = perSecond * seconds
        while published < total {
            let elapsed = MonotonicClock.seconds(from: begin, to: MonotonicClock.nanoseconds)
            let due = min(Int(elapsed * Double(perSecond)), total)
            if due > published {
                let batch = state.withLock { state in (published..<due).map { Self.update($0, at: now, &state.sent) } }
                state.withLock { $0.subscription }?.yield(batch)
                published = due
            }
            try await Task.sleep(for: .microseconds(200))
        }
    }

    private static func update(_ number: Int, at: Timestamp, _ sent: inout [UInt64]) -> LiveUpdate {
        switch number % 5 {
        case 3:
            let levels = (0..<15).map { LiveLevel(price: "\(145_000_000 + $0 * 1_000)", size: "0.12345678") }
            return .book(market, LiveBook(at: at, bids: levels, asks: levels))
        case 4:
            return .ticker(
                market,
                LiveTicker(
                    at: at, price: "145000000", change: "1000000", changeRate: "0.0069", previousClose: "144000000",
                    open: "144000000", high: "146000000", low: "143000000", volume24h: "1833.72041983",
                    value24h: "264187654321.12345678"))
        default:
            sent.append(MonotonicClock.nanoseconds)
            return .trade(
                market,
                LiveTrade(
                    sequentialID: Int64(sent.count - 1), at: at, price: "145000000", volume: "0.00123456", side: .bid))
        }
    }
}
