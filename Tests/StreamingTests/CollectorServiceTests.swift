import CivilTime
import Collecting
import HTTPClient
import Logging
import LoopbackHTTP
import LoopbackWebSocket
import Markets
import ServiceLifecycle
import Synchronization
import Testing

@testable import Streaming

@Suite("Collector service", .timeLimit(.minutes(1))) struct CollectorServiceTests {
    private static func trade(_ id: Int64, market: String = "KRW-BTC", at time: Timestamp, kind: String = "REALTIME")
        -> [UInt8]
    {
        Array(
            #"{"ty":"trade","cd":"\#(market)","ttms":\#(time.microseconds / 1000),"tp":1,"tv":2,"ab":"BID","pcp":1,"sid":\#(id),"st":"\#(kind)"}"#
                .utf8)
    }

    private static func row(_ id: Int64, at time: Timestamp) -> String {
        #"{"market":"KRW-BTC","timestamp":\#(time.microseconds / 1000),"trade_price":1,"trade_volume":2,"#
            + #""prev_closing_price":1,"ask_bid":"BID","sequential_id":\#(id)}"#
    }

    private static func book(_ time: Timestamp) -> [UInt8] {
        Array(
            #"{"ty":"orderbook","cd":"KRW-BTC","tms":\#(time.microseconds / 1000),"tas":1,"tbs":1,"obu":[],"st":"REALTIME"}"#
                .utf8)
    }

    /// Quick where a test would wait, and without comparisons that it did not ask for.
    private static var quick: CollectorSettings {
        var settings = CollectorSettings()
        settings.firstBackoff = .milliseconds(1)
        settings.shortestBackoff = .milliseconds(1)
        settings.fillDelay = .milliseconds(1)
        settings.subscriptionSpacing = .milliseconds(1)
        settings.checkInterval = .seconds(3600)
        return settings
    }

    /// A collector between a stream's server and a list of past trades, run until the test's end.
    private func collect(
        markets: [String] = ["KRW-BTC"], settings: CollectorSettings = quick, bus: RecordingBus = RecordingBus(),
        letters: any DeadLetterSink = NoDeadLetters(), history: @escaping @Sendable () -> [String] = { [] },
        known: @escaping @Sendable () throws -> Timestamp? = { nil },
        _ body: (LoopbackSocketServer, CollectorService, RecordingBus) async throws -> Void
    ) async throws {
        let server = try await LoopbackSocketServer()
        let http = try LoopbackServer { request in
            // Past trades stand in one page.
            let rows = request.target.contains("cursor") || request.target.contains("days_ago") ? [] : history()
            return [.reply(text: "[" + rows.joined(separator: ",") + "]")]
        }
        defer { http.stop() }
        let limits = RateLimiterSettings(limit: .init(requests: 100_000, per: .seconds(1)))
        let rest = MarketREST(
            dialect: UpbitDialect(), http: HTTPClient(), limiter: RateLimiter(exchange: .upbit, settings: limits),
            baseURL: http.url)
        let service = CollectorService(
            name: "test", markets: markets.map(code),
            parts: .init(
                dialect: UpbitStreamDialect(), rest: rest, bus: bus, deadLetters: letters, url: server.url,
                lastKnownTrade: { _ in try known().map { ($0, 0) } }),
            settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            try await body(server, service, bus)
            group.cancelAll()
        }
        await server.stop()
    }

    private func identities(_ messages: [StreamMessage]) -> [String] {
        messages.map { message in
            switch message.event {
            case .trade(let trade): "\(message.origin.rawValue) \(trade.sequentialID)"
            default: "\(message.origin.rawValue) \(message.event.kind.rawValue)"
            }
        }
    }

    @Test("what the exchange sends reaches the bus: snapshots and what follows, each trade once")
    func messages() async throws {
        let now = Timestamp.now()
        try await collect(markets: ["KRW-BTC", "KRW-ETH"]) { server, service, bus in
            let peer = try #require(await server.nextPeer())
            var frames = peer.frames.makeAsyncIterator()
            let subscription = try #require(await frames.next())
            #expect(subscription.opcode == 1)
            #expect(subscription.text.contains(#"{"type":"trade","codes":["KRW-BTC","KRW-ETH"]}"#))
            #expect(subscription.text.contains(#"{"format":"SIMPLE"}"#))
            #expect(peer.header("origin") == nil)
            peer.send(binary: [
                Self.trade(1, at: now, kind: "SNAPSHOT"), Self.book(now), Array(#"{"status":"UP"}"#.utf8),
                Self.trade(1, at: now), Self.trade(1, market: "KRW-ETH", at: now), Self.trade(3, at: now),
                Self.trade(2, at: now),
            ])
            let messages = await bus.next(5)
            #expect(
                identities(messages) == ["snapshot 1", "realtime orderbook", "realtime 1", "realtime 3", "realtime 2"])
            #expect(messages[2].event.market == code("KRW-ETH"))
            #expect(messages.allSatisfy { $0.receivedAt >= now && $0.receivedNanoseconds > 0 })
            let status = await service.status()
            #expect(status.state == .running && status.reason.isEmpty)
            // A state of the server says nothing of the markets.
            #expect(status.messages == 6)
            #expect(status.lastMessageAt ?? .epoch >= now)
            #expect(abs(status.lagSeconds ?? 100) < 50)
            #expect(status.malformed == 0 && status.shed == 0 && status.reconnects == 0)
        }
    }

    @Test("a message that does not decode is kept with its bytes, and the stream goes on")
    func deadLetters() async throws {
        let letters = RecordingLetters()
        let now = Timestamp.now()
        try await collect(letters: letters) { server, service, bus in
            let peer = try #require(await server.nextPeer())
            let bad = Array(#"{"ty":"trade","cd":"KRW-ETH","tp":"one"}"#.utf8)
            peer.send(binary: [bad, [0xFF, 0xFE], Self.trade(1, at: now)])
            #expect(identities(await bus.next(1)) == ["realtime 1"])
            let kept = await letters.next(2)
            #expect(kept.map(\.bytes) == [bad, [0xFF, 0xFE]])
            #expect(kept.map(\.market) == [code("KRW-ETH"), nil])
            #expect(kept[0].reason.hasPrefix("field tp, byte 34"))
            #expect(kept[1].reason.contains("UTF-8"))
            #expect(await service.status().malformed == 2)
        }
    }

    @Test("after a lost connection the trades between are asked for and published")
    func gap() async throws {
        let now = Timestamp.now()
        let history = (1...4).reversed().map { Self.row(Int64($0), at: now - .seconds(100 - $0)) }
        try await collect(history: { history }) { server, service, bus in
            let first = try #require(await server.nextPeer())
            first.send(binary: [Self.trade(1, at: now - .seconds(99))])
            #expect(identities(await bus.next(1)) == ["realtime 1"])
            first.disconnect()
            let second = try #require(await server.nextPeer())
            var frames = second.frames.makeAsyncIterator()
            #expect(await frames.next()?.text.contains("KRW-BTC") == true)
            second.send(binary: [Self.trade(4, at: now - .seconds(96), kind: "SNAPSHOT")])
            let messages = await bus.next(3)
            #expect(Set(identities(messages)).isSuperset(of: ["fill 2", "fill 3"]))
            #expect(messages.contains { identities([$0])[0].hasSuffix(" 4") })
            await service.settled { $0.filledTrades >= 2 }
            let status = await service.status()
            #expect(status.reconnects == 1)
            #expect(status.gaps == 1)
            #expect((2...3).contains(status.filledTrades))
        }
    }

    @Test("silence shows as stalled, then as reconnecting with the reason, and the next connection runs again")
    func silence() async throws {
        var settings = Self.quick
        settings.stallAfter = .milliseconds(150)
        // Long enough to be seen on a busy machine.
        settings.stallGrace = .seconds(1)
        settings.firstBackoff = .seconds(1)
        settings.shortestBackoff = .seconds(1)
        let now = Timestamp.now()
        try await collect(settings: settings) { server, service, bus in
            let first = try #require(await server.nextPeer())
            first.send(binary: [Self.trade(1, at: now)])
            #expect(identities(await bus.next(1)) == ["realtime 1"])
            await service.settled { $0.state == .stalled }
            #expect(await service.status().reason.hasPrefix("connected, but nothing usable came for"))
            await service.settled { $0.state == .reconnecting }
            let status = await service.status()
            #expect(status.reason.hasPrefix("connected, but nothing usable came for"))
            #expect(status.reconnects == 1)
            let second = try #require(await server.nextPeer())
            second.send(binary: [Self.trade(2, at: now)])
            await service.settled { $0.state == .running && $0.reason.isEmpty }
        }
    }

    @Test("a start asks for what came after the last stored trade, also when the store answers late")
    func start() async throws {
        let now = Timestamp.now()
        let history = (1...3).reversed().map { Self.row(Int64($0), at: now - .seconds(100 - $0)) }
        let tries = Mutex(0)
        struct Busy: Error {}
        try await collect(
            history: { history },
            known: {
                let number = tries.withLock { tries in
                    tries += 1
                    return tries
                }
                if number == 1 { throw Busy() }
                return now - .seconds(99)
            }
        ) { server, service, bus in
            #expect(await server.nextPeer() != nil)
            #expect(identities(await bus.next(3)) == ["fill 1", "fill 2", "fill 3"])
            await service.settled { $0.gaps == 1 }
            #expect(await service.status().filledTrades == 2)
        }
    }

    @Test("a comparison brings what the stream did not")
    func check() async throws {
        let now = Timestamp.now()
        var settings = Self.quick
        settings.checkInterval = .milliseconds(50)
        settings.checkSpacing = .milliseconds(1)
        let history = (1...3).reversed().map { Self.row(Int64($0), at: now - .seconds(100 - $0)) }
        try await collect(settings: settings, history: { history }) { server, service, bus in
            let peer = try #require(await server.nextPeer())
            peer.send(binary: [Self.trade(1, at: now - .seconds(99)), Self.trade(3, at: now - .seconds(97))])
            #expect(identities(await bus.next(3)).sorted() == ["fill 2", "realtime 1", "realtime 3"])
            await service.settled { $0.gaps == 1 }
            #expect(await service.status().filledTrades == 1)
        }
    }

    @Test("other markets are asked for on the same connection")
    func setMarkets() async throws {
        try await collect { server, service, _ in
            let peer = try #require(await server.nextPeer())
            var frames = peer.frames.makeAsyncIterator()
            #expect(await frames.next()?.text.contains("KRW-XRP") == false)
            await service.setMarkets([code("KRW-BTC"), code("KRW-XRP")])
            #expect(await frames.next()?.text.contains(#"["KRW-BTC","KRW-XRP"]"#) == true)
            #expect(await service.status().markets == ["KRW-BTC", "KRW-XRP"])
            await service.setMarkets([])
            #expect(await frames.next()?.opcode == 8)
            await service.setMarkets([code("KRW-ETH")])
            let again = try #require(await server.nextPeer())
            var later = again.frames.makeAsyncIterator()
            #expect(await later.next()?.text.contains("KRW-ETH") == true)
        }
    }

    @Test("a refusal is told as the reason, and tried again")
    func refusal() async throws {
        try await collect { server, service, _ in
            for number in 1...3 {
                let peer = try #require(await server.nextPeer())
                peer.send(text: #"{"error":{"name":"NO_CODES","message":"no codes"}}"#)
                peer.close(code: 1000)
                await service.settled { $0.reconnects >= number }
            }
            let status = await service.status()
            #expect(status.state == .failing)
            #expect(status.reason == "the exchange refused the subscription: NO_CODES, no codes")
        }
    }

    @Test("a slow bus makes order books go first, all of it counted, and every trade arrives in the end")
    func shedding() async throws {
        let now = Timestamp.now()
        var settings = Self.quick
        settings.bufferedMessages = 10
        settings.publishedAtOnce = 1
        let bus = RecordingBus(isOpen: false)
        try await collect(settings: settings, bus: bus) { server, service, bus in
            let peer = try #require(await server.nextPeer())
            var messages: [[UInt8]] = []
            for number in 1...8 {
                messages.append(Self.trade(Int64(number), at: now))
                messages += [Self.book(now), Self.book(now)]
            }
            peer.send(binary: messages)
            await service.settled { $0.messages == 24 }
            let shed = await service.status().shed
            // One message may be on its way already.
            #expect((13...14).contains(shed))
            bus.open()
            var ids: Set<String> = []
            while ids.count < 8 {
                for message in await bus.next(1) where message.event.kind == .trade {
                    ids.formUnion(identities([message]))
                }
            }
            #expect(ids == Set((1...8).map { "realtime \($0)" }))
        }
    }

    @Test("a trade that even the bus refused is asked for again")
    func refusedByBus() async throws {
        let now = Timestamp.now()
        let bus = RecordingBus(failures: 1)
        let history = [Self.row(1, at: now - .seconds(50))]
        try await collect(bus: bus, history: { history }) { server, service, bus in
            let peer = try #require(await server.nextPeer())
            peer.send(binary: [Self.trade(1, at: now - .seconds(50))])
            #expect(identities(await bus.next(1)) == ["fill 1"])
            #expect(await service.status().shed == 1)
        }
    }

    @Test("a graceful end closes the connection and hands on what has come")
    func shutdown() async throws {
        let now = Timestamp.now()
        let bus = RecordingBus(isOpen: false)
        let server = try await LoopbackSocketServer()
        let rest = MarketREST(dialect: UpbitDialect(), http: HTTPClient(), limiter: RateLimiter(exchange: .upbit))
        let service = CollectorService(
            name: "test", markets: [code("KRW-BTC")],
            parts: .init(dialect: UpbitStreamDialect(), rest: rest, bus: bus, url: server.url), settings: Self.quick,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .ignore)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await group.run() }
        let peer = try #require(await server.nextPeer())
        var frames = peer.frames.makeAsyncIterator()
        #expect(await frames.next()?.opcode == 1)
        peer.send(binary: (1...50).map { Self.trade(Int64($0), at: now) })
        await service.settled { $0.messages == 50 }
        await group.triggerGracefulShutdown()
        #expect(await frames.next()?.opcode == 8)
        bus.open()
        try await running.value
        #expect(await bus.next(50).count == 50)
        #expect(await service.status().state == .stopped)
        await server.stop()
    }
}
