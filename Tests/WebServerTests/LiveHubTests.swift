import Logging
import NIOCore
import Testing
import WebSocketServer

@testable import WebServer

// Six hundred frames one by one take a while beside hundreds of other tests.
@Suite("The hub of live updates", .timeLimit(.minutes(4)))
struct LiveHubTests {
    private let live = LiveSample.path()

    private func hub(_ change: (inout LiveConfiguration) -> Void = { _ in }) -> LiveHub {
        var configuration = LiveConfiguration()
        configuration.frameInterval = .zero
        configuration.pause = .zero
        change(&configuration)
        return LiveHub(
            markets: live, configuration: configuration, now: { LiveSample.now },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { _, _ in "<p>board</p>" }
    }

    private func running(_ hub: LiveHub, _ body: () async throws -> Void) async rethrows {
        // Awaited below, after it is cancelled.
        let work = Task { await hub.run() }
        try await body()
        work.cancel()
        await work.value
    }

    /// What a listener takes until a text comes; resyncs count as such.
    private func take(_ hub: LiveHub, _ listener: LiveListener, until text: String) async -> [String] {
        var taken: [String] = []
        for await _ in listener.bell {
            switch hub.take(listener) {
            case .frames(let frames): taken += frames.map { String(buffer: $0.event) }
            case .resync(let missed): taken.append("resync \(missed)")
            case .nothing, .over: break
            }
            if taken.contains(where: { $0.contains(text) }) { break }
        }
        return taken
    }

    private func subscription() async {
        for await _ in live.subscribed { return }
    }

    @Test("listeners of one market hear of it alone, and all of it")
    func oneMarket() async throws {
        let hub = hub()
        try await running(hub) {
            let listener = try #require(hub.join(.market(LiveSample.bitcoin)) {})
            await subscription()
            live.publish(
                .trade(LiveSample.ether, LiveSample.trade(1, "5")),
                .trade(LiveSample.bitcoin, LiveSample.trade(2, "6")),
                .ticker(LiveSample.bitcoin, LiveSample.ticker("7")), .book(LiveSample.bitcoin, LiveSample.book(9_000)))
            let text = await take(hub, listener, until: "orderbook").joined()
            #expect(text.contains("\"sequential_id\":\"17000000000000002\""))
            #expect(text.contains("\"type\":\"ticker\""))
            #expect(!text.contains("KRW-ETH"))
        }
    }

    @Test("what is not listened to is not asked for")
    func wanted() async throws {
        let hub = hub()
        try await running(hub) {
            _ = try #require(hub.join(.prices) {})
            await subscription()
            let isWanted = try #require(live.read { $0.isWanted })
            #expect(isWanted(LiveSample.ether, .ticker))
            #expect(!isWanted(LiveSample.ether, .book))
            let other = try #require(hub.join(.socket([LiveSample.ether: [.book]])) {})
            #expect(isWanted(LiveSample.ether, .book))
            #expect(!isWanted(LiveSample.bitcoin, .book))
            hub.leave(other)
            #expect(!isWanted(LiveSample.ether, .book))
        }
    }

    @Test("between two frames the newest ticker and book count, and every trade")
    func coalescing() {
        var pending = PendingUpdates()
        for number in 0..<100 {
            pending.add(.trade(LiveSample.bitcoin, LiveSample.trade(Int64(number), "\(number)")))
            pending.add(.ticker(LiveSample.bitcoin, LiveSample.ticker("\(number)")))
            pending.add(.book(LiveSample.bitcoin, LiveSample.book(number)))
        }
        let written = WrittenUpdates(pending.markets)
        #expect(written.frame(for: .socket([LiveSample.bitcoin: Set(LiveKind.allCases)]))?.messages.count == 102)
        #expect(written.frame(for: .socket([LiveSample.bitcoin: [.ticker]]))?.messages.count == 1)
        #expect(written.frame(for: .socket([LiveSample.ether: [.ticker]])) == nil)
        let prices = written.frame(for: .prices).map { String(buffer: $0.event) } ?? ""
        #expect(prices.contains("\"sequential_id\":\"17000000000000099\""))
        #expect(!prices.contains("\"sequential_id\":\"17000000000000098\""))
        #expect(prices.contains("\"price\":\"99\""))
    }

    @Test("a flood of trades between two frames is bounded, the newest stay, and the rest is counted")
    func flood() {
        var pending = PendingUpdates()
        for number in 0..<10_000 { pending.add(.trade(LiveSample.bitcoin, LiveSample.trade(Int64(number), "1"))) }
        let kept = pending.markets[LiveSample.bitcoin]?.trades ?? []
        #expect(kept.count < 2 * PendingUpdates.mostTrades)
        #expect(kept.last?.sequentialID == LiveSample.trade(9_999, "1").sequentialID)
        #expect(kept.count + pending.shed == 10_000)
    }

    @Test("a listener that falls behind loses its place, begins again, and costs the others nothing")
    func slow() async throws {
        let hub = hub()
        try await running(hub) {
            let slow = try #require(hub.join(.market(LiveSample.bitcoin)) {})
            let quick = try #require(hub.join(.market(LiveSample.bitcoin)) {})
            await subscription()
            #expect(await take(hub, quick, until: "resync") == ["resync 0"])
            #expect(await take(hub, slow, until: "resync") == ["resync 0"])
            for number in 0..<600 {
                live.publish(.trade(LiveSample.bitcoin, LiveSample.trade(Int64(number), "1")))
                // One frame each, because the quick one has seen it before the next is published.
                _ = await take(hub, quick, until: "\(17_000_000_000_000_000 + number)\"")
            }
            guard case .resync(let missed) = hub.take(slow) else {
                Issue.record("a listener 600 frames behind has to begin again")
                return
            }
            #expect(missed > 300)
            #expect(hub.figures.shedFrames == missed)
            guard case .nothing = hub.take(slow) else {
                Issue.record("it has had everything then")
                return
            }
        }
    }

    @Test("one that takes nothing for too long is cut off and counted")
    func stuck() async throws {
        let hub = hub { $0.stuckSeconds = 0 }
        try await running(hub) {
            let (closed, close) = AsyncStream.makeStream(of: Void.self)
            let stuck = try #require(hub.join(.market(LiveSample.bitcoin)) { close.finish() })
            let watching = try #require(hub.join(.prices) {})
            await subscription()
            live.publish(.ticker(LiveSample.bitcoin, LiveSample.ticker("1")))
            for await _ in closed {}
            for await _ in stuck.bell {}
            guard case .over = hub.take(stuck) else {
                Issue.record("one that was given up has nothing to take")
                return
            }
            #expect(hub.figures.givenUp >= 1)
            hub.leave(watching)
        }
    }

    @Test("when updates break off they are asked for again, and everyone begins with a snapshot")
    func breakOff() async throws {
        let hub = hub()
        try await running(hub) {
            let listener = try #require(hub.join(.market(LiveSample.bitcoin)) {})
            await subscription()
            #expect(await take(hub, listener, until: "resync") == ["resync 0"])
            live.breakOff()
            await subscription()
            #expect(await take(hub, listener, until: "resync").contains("resync 0"))
            live.publish(.ticker(LiveSample.bitcoin, LiveSample.ticker("77")))
            #expect(await take(hub, listener, until: "\"77\"").joined().contains("\"77\""))
        }
    }

    @Test("no more are taken in than are allowed, and none after the end")
    func limit() async throws {
        let hub = hub { $0.mostListeners = 2 }
        let first = try #require(hub.join(.prices) {})
        _ = try #require(hub.join(.board) {})
        #expect(hub.join(.prices) {} == nil)
        // Sockets are counted apart.
        #expect(hub.join(.socket([:])) {} != nil)
        hub.leave(first)
        let second = try #require(hub.join(.prices) {})
        hub.close()
        for await _ in second.bell {}
        #expect(hub.join(.prices) {} == nil)
    }

    @Test("the collectors' page comes anew by itself")
    func board() async throws {
        let hub = hub()
        try await running(hub) {
            let listener = try #require(hub.join(.board) {})
            let text = await take(hub, listener, until: "board").joined()
            #expect(text.contains("event: board\ndata: \"<p>board</p>\"\n\n"))
        }
    }
}

extension LiveListener: Equatable {
    static func == (left: LiveListener, right: LiveListener) -> Bool { left.number == right.number }
}
