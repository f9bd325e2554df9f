import CivilTime
import Collecting
import Commands
import Synchronization

/// A market desk that says what a test tells it to, and keeps what it is asked.
final class FakeDesk: MarketDesk, MarketDeskOpener {
    struct State {
        var markets: [CollectedMarket] = []
        var collectors: [CollectorReading] = []
        var refusal: String?
        var asked: [String] = []
        var closings = 0
    }

    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    let state: Mutex<State>

    init(_ change: (inout State) -> Void = { _ in }) {
        var state = State()
        change(&state)
        self.state = Mutex(state)
    }

    func openDesk(_ target: DatabaseTarget, exchangeURL: String?) async throws -> any MarketDesk {
        state.withLock { $0.asked.append("open \(target.url ?? target.home) \(exchangeURL ?? "-")") }
        return self
    }

    func markets() async throws -> [CollectedMarket] { state.withLock { $0.markets } }

    func collectors() async throws -> [CollectorReading] { state.withLock { $0.collectors } }

    func add(exchange: String, market: String, actor: String) async throws -> Bool {
        try ask("add \(exchange) \(market) \(actor)")
        return state.withLock { state in !state.markets.contains { $0.market == market } }
    }

    func remove(exchange: String, market: String) async throws { try ask("remove \(exchange) \(market)") }

    private func ask(_ what: String) throws {
        let refusal = state.withLock { state in
            state.asked.append(what)
            return state.refusal
        }
        if let refusal { throw Refusal(description: refusal) }
    }

    func close() async { state.withLock { $0.closings += 1 } }
}
