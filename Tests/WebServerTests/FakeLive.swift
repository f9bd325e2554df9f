import CivilTime
import Collecting
import Synchronization

@testable import WebServer

/// A real-time path that is only values: what it knows can be changed, and what it publishes is up to the test.
final class FakeLive: LiveMarkets {
    struct State: Sendable {
        var collectors: [CollectorStatus] = []
        var figures = StreamFigures()
        var symbols: [LiveSymbol] = []
        var snapshots: [LiveMarketID: LiveSnapshot] = [:]
        var candles: [LiveCandle] = []
        var trades: [LiveTrade] = []
        var asked: [CandleQuery] = []
        /// Thrown by every question.
        var failure: (any Error)?
        /// Of what is stored only.
        var tradesFailure: (any Error)?
        var subscriptions: [AsyncThrowingStream<[LiveUpdate], any Error>.Continuation] = []
        var isWanted: (@Sendable (LiveMarketID, LiveKind) -> Bool)?
    }

    private let state: Mutex<State>
    /// Yields at each subscription.
    let subscribed: AsyncStream<Void>
    private let subscribedContinuation: AsyncStream<Void>.Continuation

    init(_ change: (inout State) -> Void = { _ in }) {
        var state = State()
        change(&state)
        self.state = Mutex(state)
        (subscribed, subscribedContinuation) = AsyncStream.makeStream()
    }

    private func ask<Value>(_ read: (inout State) -> Value) throws -> Value {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return read(&state)
        }
    }

    func read<Value: Sendable>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func collectors() async throws -> [CollectorStatus] { try ask { $0.collectors } }
    func figures() async throws -> StreamFigures { try ask { $0.figures } }
    func symbols() async throws -> [LiveSymbol] { try ask { $0.symbols } }
    func latest() async throws -> [LiveSnapshot] { try ask { $0.snapshots.values.sorted { $0.id < $1.id } } }
    func latest(_ id: LiveMarketID) async throws -> LiveSnapshot? { try ask { $0.snapshots[id] } }

    func candles(_ query: CandleQuery) async throws -> [LiveCandle] {
        try ask { state in
            state.asked.append(query)
            return Array(state.candles.suffix(query.limit))
        }
    }

    func trades(_ query: TradeQuery) async throws -> [LiveTrade] {
        if let failure = read({ $0.tradesFailure }) { throw failure }
        return try ask { state in
            let older = state.trades.filter { trade in
                guard let before = query.before else { return true }
                return (trade.at, trade.sequentialID) < (before.at, before.sequentialID ?? .min)
            }
            return Array(older.prefix(query.limit))
        }
    }

    func updates(
        _ isWanted: @escaping @Sendable (LiveMarketID, LiveKind) -> Bool
    ) async throws -> any AsyncSequence<[LiveUpdate], any Error> & Sendable {
        let (stream, continuation) = AsyncThrowingStream<[LiveUpdate], any Error>.makeStream()
        try ask { state in
            state.subscriptions.append(continuation)
            state.isWanted = isWanted
        }
        subscribedContinuation.yield()
        return stream
    }

    /// Makes something known, and tells it to those who listen.
    func publish(_ updates: LiveUpdate...) {
        let subscriptions = state.withLock { state in
            for update in updates {
                switch update {
                case .trade(let id, let trade):
                    state.snapshots[id, default: LiveSnapshot(id: id)].trade = trade
                    state.trades.insert(trade, at: 0)
                case .ticker(let id, let ticker): state.snapshots[id, default: LiveSnapshot(id: id)].ticker = ticker
                case .book(let id, let book): state.snapshots[id, default: LiveSnapshot(id: id)].book = book
                }
            }
            return state.subscriptions
        }
        for subscription in subscriptions { subscription.yield(updates) }
    }

    /// Ends what is subscribed to, as a bus that was lost.
    func breakOff() {
        let subscriptions = state.withLock { state in
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        for subscription in subscriptions { subscription.finish(throwing: Outage()) }
    }
}

/// Market values, in few words.
enum LiveSample {
    static let bitcoin = LiveMarketID(exchange: "upbit", market: "KRW-BTC")
    static let ether = LiveMarketID(exchange: "upbit", market: "KRW-ETH")
    static let solana = LiveMarketID(exchange: "bithumb", market: "KRW-SOL")
    static let now = Sample.now

    static func trade(_ number: Int64, _ price: String, secondsAgo: Int64 = 0, side: LiveTrade.Side = .bid) -> LiveTrade
    {
        LiveTrade(
            sequentialID: 17_000_000_000_000_000 + number, at: now - .seconds(secondsAgo), price: price,
            volume: "0.00123456", side: side)
    }

    static func ticker(_ price: String, rate: String = "0.0123", secondsAgo: Int64 = 0) -> LiveTicker {
        LiveTicker(
            at: now - .seconds(secondsAgo), price: price, change: rate.hasPrefix("-") ? "-1764000" : "1764000",
            changeRate: rate, previousClose: "143412000", open: "143412000", high: "146000000", low: "142900000.5",
            volume24h: "1833.72041983", value24h: "264187654321.12345678")
    }

    static func book(_ best: Int, secondsAgo: Int64 = 0, levels: Int = 15) -> LiveBook {
        LiveBook(
            at: now - .seconds(secondsAgo),
            bids: (0..<levels).map {
                LiveLevel(price: "\(best - 1_000 * ($0 + 1))", size: "0.\(($0 * 7 + 3) % 9 + 1)5")
            },
            asks: (0..<levels).map { LiveLevel(price: "\(best + 1_000 * $0)", size: "0.\(($0 * 5 + 2) % 9 + 1)1") })
    }

    static func collector(
        _ state: CollectorState = .running, reason: String = "", exchange: String = "upbit",
        markets: [String] = ["KRW-BTC", "KRW-ETH"], lastSecondsAgo: Int64? = 0
    ) -> CollectorStatus {
        CollectorStatus(
            exchange: exchange, name: "1", markets: markets, state: state, reason: reason,
            since: now - .seconds(4_000), lastMessageAt: lastSecondsAgo.map { now - .seconds($0) }, rate: 48.3,
            lagSeconds: 0.0834, messages: 1_234_567, reconnects: 2, gaps: 1, filledTrades: 17, malformed: 3, shed: 41,
            history: (0..<60).map { 40 + ($0 * 17) % 23 })
    }

    static func path() -> FakeLive {
        FakeLive { state in
            state.collectors = [collector()]
            state.figures = StreamFigures(
                messages: [
                    .init(exchange: "upbit", kind: .trade, messages: 1_000),
                    .init(exchange: "upbit", kind: .book, messages: 200),
                ], storedTrades: 990, duplicateTrades: 10, deadLetters: 3, commits: 40, lastCommitSeconds: 0.0123,
                waiting: 4)
            state.symbols = [
                LiveSymbol(id: bitcoin, name: "Bitcoin", isProtected: true), LiveSymbol(id: ether, name: "Ethereum"),
                LiveSymbol(id: solana),
            ]
            state.snapshots[bitcoin] = LiveSnapshot(
                id: bitcoin, trade: trade(3, "145176000"), ticker: ticker("145176000"), book: book(145_177_000))
            state.snapshots[ether] = LiveSnapshot(
                id: ether, trade: trade(9, "5123000.5", secondsAgo: 7),
                ticker: ticker("5123000", rate: "-0.0042", secondsAgo: 9))
            state.trades = (0..<60).map {
                trade(
                    Int64(60 - $0), "\(145_176_000 - $0 * 500)", secondsAgo: Int64($0), side: $0 % 3 == 0 ? .ask : .bid)
            }
            state.candles = (0..<300).map { place in
                LiveCandle(
                    openTime: now - .seconds(Int64(300 - place) * 60), open: "145000000", high: "145200000",
                    low: "144900000.125", close: "145100000", volume: "1.5", value: "217650000")
            }
        }
    }
}
