import CivilTime
import Collecting
import Markets

@testable import Streaming

/// A collector's machine with a clock that a test moves; ticks come exactly when the machine asks for them.
struct CollectorRig {
    var machine: CollectorMachine
    private(set) var now = CollectorMachine.Moment(monotonic: .zero, wall: CollectorRig.start)

    static let start = Timestamp(seconds: 1_790_000_000)

    init(_ markets: [String] = ["KRW-BTC", "KRW-ETH"], _ change: (inout CollectorSettings) -> Void = { _ in }) {
        var settings = CollectorSettings()
        change(&settings)
        machine = CollectorMachine(
            exchange: .upbit, name: "test", markets: markets.compactMap { MarketCode($0) },
            keepAlive: UpbitStreamDialect().keepAlive, settings: settings, now: now)
    }

    mutating func send(_ event: CollectorMachine.Event) -> [CollectorMachine.Action] {
        machine.handle(event, at: now)
    }

    mutating func admit(_ trade: Trade) -> Bool { machine.admit(trade) }

    mutating func missing(in page: [Trade], for request: FillRequest) -> (trades: [Trade], counted: Int) {
        machine.missing(in: page, for: request, now: now.wall)
    }

    mutating func status() -> CollectorStatus { machine.status(at: now) }

    /// Lets time pass; what the machine does meanwhile, each with the second in which it does it.
    mutating func pass(_ duration: Duration) -> [(at: Duration, action: CollectorMachine.Action)] {
        let end = now.monotonic + duration
        var done: [(Duration, CollectorMachine.Action)] = []
        while let deadline = machine.nextDeadline, deadline <= end {
            set(max(deadline, now.monotonic))
            done += machine.handle(.tick, at: now).map { (now.monotonic, $0) }
            // A machine that wants to be called again at once for ever would hold the test here.
            precondition(done.count < 10_000, "the machine never rests")
        }
        set(end)
        return done.map { (at: $0.0, action: $0.1) }
    }

    private mutating func set(_ monotonic: Duration) {
        now = .init(monotonic: monotonic, wall: CollectorRig.start + monotonic)
    }

    /// Connected, subscribed and spoken to.
    mutating func run() -> [CollectorMachine.Action] {
        var actions = send(.start)
        actions += send(.connected)
        actions += send(.received(count: 1))
        return actions
    }

    /// A trade of now, less some time.
    func trade(_ market: String, id: Int64, ago: Duration = .zero) -> Trade {
        Trade(
            market: code(market), tradedAt: now.wall - ago, price: .one, volume: .one,
            takerSide: .bid, sequentialID: id, previousClose: .one)
    }

    var state: CollectorState { machine.status.state }
    var reason: String { machine.status.reason }
}

func code(_ text: String) -> MarketCode {
    guard let code = MarketCode(text) else { preconditionFailure("\(text) is no market") }
    return code
}
