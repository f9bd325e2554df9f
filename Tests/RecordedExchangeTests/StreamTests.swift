import CivilTime
import Glibc
import Logging
import LoopbackHTTP
import ServiceLifecycle
import Testing

@testable import RecordedExchange

@Suite("WebSocket of the recorded exchange", .timeLimit(.minutes(1))) struct StreamTests {
    /// Runs an exchange whose clock goes fast, and hands out a client for REST and the port.
    private func withExchange(
        speed: Double = 20, pinned: String? = nil, limits: LimitPolicy = .none, faults: [Fault] = [],
        rate: Double = 2, idle: Duration = .seconds(60), _ body: (LoopbackClient, Int) async throws -> Void
    ) async throws {
        let recording = try Samples.shipped.get()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let start = try Samples.time("2024-08-15T12:34:56Z")
        let clock: RecordedClock
        if let pinned {
            clock = .pinned(at: try Samples.time(pinned), shiftWeeks: 0, span: recording.span)
        } else {
            let begin = ContinuousClock.now
            clock = .running(shiftWeeks: 0, span: recording.span, speed: speed) {
                let passed = (ContinuousClock.now - begin).components
                return start + .microseconds(passed.seconds * 1_000_000 + passed.attoseconds / 1_000_000_000_000)
            }
        }
        let service = RecordedExchangeService(
            recording: recording, clock: clock,
            configuration: ExchangeConfiguration(
                limits: limits, faults: faults, ticks: TickSettings(tradesPerSecond: rate), streamIdleTimeout: idle),
            logger: Logger(label: "test")
        ) { port in
            continuation.yield(port)
            continuation.finish()
        }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            for await port in ports { try await body(LoopbackClient(port: port), port) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func connect(_ port: Int, headers: [String] = []) async throws -> FrameClient {
        let client = try FrameClient(port: port)
        let asked = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(FrameClient.key)"] + headers
        #expect(await client.shakeHands(path: "/websocket/v1", headers: asked).hasPrefix("HTTP/1.1 101"))
        return client
    }

    private func next(_ client: FrameClient) async throws -> JSONShape {
        let frame = try #require(await client.frame())
        #expect(frame.opcode == 2)
        return try JSONShape.parse(frame.payload)
    }

    @Test(
        "frames have the keys and types of captured ones, in their order",
        arguments: [
            ("ticker", "DEFAULT", "ws_ticker"), ("trade", "DEFAULT", "ws_trade"),
            ("orderbook", "DEFAULT", "ws_orderbook"), ("orderbook", "SIMPLE", "ws_orderbook_simple"),
            ("candle.1s", "DEFAULT", "ws_candle_1s"),
        ])
    func shapes(type: String, format: String, fixture: String) async throws {
        try await withExchange { _, port in
            let client = try await connect(port)
            client.send(text: #"[{"ticket":"t"},{"type":"\#(type)","codes":["KRW-BTC"]},{"format":"\#(format)"}]"#)
            let captured = try JSONShape.parse(try Samples.fixture(fixture))
            for expected in ["SNAPSHOT", "REALTIME"] {
                let ours = try await next(client)
                #expect(ours.signature == captured.signature)
                #expect((ours["stream_type"] ?? ours["st"])?.text == expected)
            }
        }
    }

    @Test("short names and lists: every type in every format")
    func formats() async throws {
        let short = [
            "ticker":
                "ty cd op hp lp tp pcp atp c cp scp cr scr ab tv atv tdt ttm ttms aav abv h52wp h52wdt l52wp l52wdt ms "
                + "its dd mw tms atp24h atv24h st",
            "trade": "ty cd tms td ttm ttms tp tv ab pcp c cp sid bap bas bbp bbs st",
            "orderbook": "ty cd tms tas tbs obu st lv",
            "candle.1m": "ty cd cdttmu cdttmk op hp lp tp catv catp tms st",
        ]
        try await withExchange(pinned: "2024-08-15T12:34:56Z") { _, port in
            for (type, keys) in short {
                let client = try await connect(port)
                let request = #"[{"ticket":"t"},{"type":"\#(type)","codes":["KRW-SOL"]},{"format":"SIMPLE_LIST"}]"#
                client.send(text: request)
                let list = try await next(client)
                guard case .object(let members)? = list.elements.first else {
                    Issue.record("not a list of one object")
                    continue
                }
                #expect(members.map(\.key).joined(separator: " ") == keys)
                client.send(text: request.replacing("SIMPLE_LIST", with: "JSON_LIST"))
                let long = try await next(client)
                #expect(long.elements.first?["type"]?.text == type)
                #expect(long.elements.first?["code"]?.text == "KRW-SOL")
            }
        }
    }

    @Test("what a client is sent is what the ledger holds: every trade once, the snapshot's before them")
    func complete() async throws {
        try await withExchange(speed: 100, rate: 20) { rest, port in
            let client = try await connect(port)
            client.send(text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]},{"format":"SIMPLE"}]"#)
            var frames: [JSONShape] = []
            while frames.count < 3000 { frames.append(try await next(client)) }
            #expect(frames[0]["st"]?.text == "SNAPSHOT")
            let first = try #require(frames[0]["ttms"]?.text)
            let last = try #require(frames.last?["ttms"]?.text.flatMap { Int64($0) })
            let ledger = await rest.get("/v1/_sent?market=KRW-BTC&from=\(first)&to=\(last + 1)")
            #expect(ledger.header("X-Derived")?.contains("made") == true)
            let rows = ledger.text.split(separator: "\n").dropFirst().map { $0.split(separator: ",").map(String.init) }
            let sent = frames.map { frame in
                ["sid", "ttms", "tp", "tv", "ab"].map { frame[$0]?.text ?? "" }
            }
            let expected = rows.map { Array($0[1...]) }
            let begin = try #require(expected.firstIndex(of: sent[0]))
            #expect(Array(expected[begin...].prefix(sent.count)) == sent)
        }
    }

    @Test("only a snapshot, only what comes, in the new and the old spelling")
    func flags() async throws {
        try await withExchange { _, port in
            for flag in ["is_only_realtime", "isOnlyRealtime"] {
                let client = try await connect(port)
                client.send(text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"],"\#(flag)":true}]"#)
                #expect(try await next(client)["stream_type"]?.text == "REALTIME")
            }
            for flag in ["is_only_snapshot", "isOnlySnapshot"] {
                let client = try await connect(port)
                client.send(
                    text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC","KRW-ETH"],"\#(flag)":true}]"#)
                #expect(try await next(client)["code"]?.text == "KRW-BTC")
                #expect(try await next(client)["code"]?.text == "KRW-ETH")
                client.send(text: "PING")
                #expect(try await next(client)["status"]?.text == "UP")
            }
        }
    }

    @Test("a second subscription replaces the first, unknown and lower-case codes get nothing, and the list tells")
    func replacing() async throws {
        try await withExchange(pinned: "2024-08-15T12:34:56Z") { _, port in
            let client = try await connect(port)
            client.send(
                text:
                    #"[{"ticket":"t"},{"type":"trade","codes":["krw-btc","KRW-NOPE","KRW-XRP"]},{"type":"ticker","codes":["KRW-BTC"]}]"#
            )
            #expect(try await next(client)["code"]?.text == "KRW-XRP")
            #expect(try await next(client)["type"]?.text == "ticker")
            client.send(text: #"[{"ticket":"u"},{"type":"orderbook","codes":["KRW-DOGE.5"],"level":"10"}]"#)
            let book = try await next(client)
            #expect(book["orderbook_units"]?.elements.count == 5)
            #expect(book["level"]?.text == "10")
            // A second snapshot of the first subscription would come before this.
            client.send(opcode: 2, Array(#"[{"method":"LIST_SUBSCRIPTIONS"},{"ticket":"x"}]"#.utf8))
            let list = try await next(client)
            #expect(list["result"]?.elements.compactMap { $0["type"]?.text } == ["orderbook"])
            #expect(list["ticket"]?.text == "x")
        }
    }

    @Test("a fresh connection's snapshot repeats the last trade")
    func reconnect() async throws {
        try await withExchange(pinned: "2024-08-15T12:34:56Z") { rest, port in
            var seen: Set<String> = []
            for _ in 0..<2 {
                let client = try await connect(port)
                client.send(text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]}]"#)
                seen.insert(try #require(try await next(client)["sequential_id"]?.text))
            }
            let rows = try JSONShape.parse(await rest.get("/v1/trades/ticks?market=KRW-BTC").body)
            #expect(seen == Set(rows.values(of: "sequential_id")))
        }
    }

    @Test(
        "a wrong request gets an error frame and a close with 1000",
        arguments: [
            (#"[{"type":"trade","codes":["KRW-BTC"]}]"#, "NO_TICKET"), (#"[{"ticket":"t"}]"#, "NO_TYPE"),
            (#"[{"ticket":"t"},{"codes":["KRW-BTC"]}]"#, "NO_TYPE"),
            (#"[{"ticket":"t"},{"type":"trade"}]"#, "NO_CODES"),
            (#"[{"ticket":"t"},{"type":"nope","codes":["KRW-BTC"]}]"#, "INVALID_PARAM"),
            (#"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]},{"format":"XML"}]"#, "INVALID_PARAM"),
            (#"{"ticket":"t"}"#, "WRONG_FORMAT"), ("hello", "WRONG_FORMAT"),
        ])
    func errors(request: String, name: String) async throws {
        try await withExchange(pinned: "2024-08-15T12:34:56Z") { _, port in
            let client = try await connect(port)
            client.send(text: request)
            #expect(try await next(client)["error"]?["name"]?.text == name)
            #expect(await client.frame()?.closeCode == 1000)
        }
    }

    @Test("a client that sends nothing is cut off without a close frame")
    func idle() async throws {
        try await withExchange(pinned: "2024-08-15T12:34:56Z", idle: .milliseconds(100)) { _, port in
            let client = try await connect(port)
            #expect(await client.frame() == nil)
        }
    }

    @Test("books come on the grid of 100 ms, candles of a minute grow with the trades")
    func booksAndCandles() async throws {
        try await withExchange(speed: 10) { _, port in
            let client = try await connect(port)
            client.send(
                text:
                    #"[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]},{"type":"candle.1m","codes":["KRW-BTC"]}]"#
            )
            var books: [Int64] = []
            var volumes: [String: [String]] = [:]
            while books.count < 40 || volumes.values.allSatisfy({ $0.count < 5 }) {
                let frame = try await next(client)
                if frame["type"]?.text == "orderbook" {
                    books.append(try #require(frame["timestamp"]?.text.flatMap { Int64($0) }))
                } else {
                    volumes[frame["candle_date_time_utc"]?.text ?? "", default: []].append(
                        frame["candle_acc_trade_volume"]?.text ?? "")
                }
            }
            #expect(books.allSatisfy { $0 % 100 == 0 } && books.dropFirst() == ArraySlice(books.dropFirst().sorted()))
            for series in volumes.values {
                let numbers = series.compactMap { ScaledDecimal.parse(Array($0.utf8)[...]) }
                #expect(numbers == numbers.sorted() && numbers.count == series.count)
            }
        }
    }

    @Test("with Upbit's limits the sixth connection of a second and a flood of messages are refused")
    func limits() async throws {
        try await withExchange(limits: .upbit) { _, port in
            var refused = 0
            for _ in 0..<2000 where refused == 0 {
                let client = try FrameClient(port: port)
                let head = await client.shakeHands(path: "/websocket/v1")
                if head.hasPrefix("HTTP/1.1 429") { refused += 1 } else { #expect(head.hasPrefix("HTTP/1.1 101")) }
            }
            #expect(refused == 1)
        }
        try await withExchange(limits: .upbit) { _, port in
            let client = try await connect(port)
            for _ in 0..<200 { client.send(text: "PING") }
            while let frame = await client.frame(), frame.closeCode == nil {
                if frame.text.contains("error") { #expect(frame.text.contains("TOO_MANY_REQUEST")) }
            }
        }
    }

    @Test("a page's Origin may connect once in ten seconds when limits are enforced")
    func origin() async throws {
        try await withExchange(limits: .upbit) { _, port in
            var heads: [String] = []
            for _ in 0..<3 {
                let headers = [
                    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(FrameClient.key)", "Origin: http://example.com",
                ]
                heads.append(await (try FrameClient(port: port)).shakeHands(path: "/websocket/v1", headers: headers))
            }
            #expect(heads.contains { $0.hasPrefix("HTTP/1.1 429") })
        }
    }

    @Test("a refused handshake gets the status of its fault", arguments: [("refuse", "503"), ("429", "429")])
    func refused(kind: String, status: String) async throws {
        let fault = try Fault.parse(option: "\(kind),path=/websocket/v1,count=1")
        try await withExchange(faults: [fault]) { rest, port in
            let head = await (try FrameClient(port: port)).shakeHands(path: "/websocket/v1")
            #expect(head.hasPrefix("HTTP/1.1 \(status) "))
            _ = try await connect(port)
            #expect(await rest.get("/v1/market/all").status == 200)
        }
    }

    @Test("a connection is dropped or reset in the middle", arguments: [Fault.Kind.disconnect, .reset])
    func dropped(kind: Fault.Kind) async throws {
        try await withExchange(faults: [Fault(kind: kind, path: "/websocket/v1", count: 1, skip: 20)]) { _, port in
            let client = try await connect(port)
            client.send(text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"],"is_only_realtime":true}]"#)
            var count = 0
            while let frame = await client.frame() {
                #expect(frame.opcode == 2)
                count += 1
            }
            #expect(count <= 20)
            let again = try await connect(port)
            again.send(text: #"[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]}]"#)
            for _ in 0..<10 { _ = try await next(again) }
        }
    }
}
