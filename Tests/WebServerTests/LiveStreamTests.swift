import Collecting
import DAGModel
import SeededRandom
import Testing

@testable import WebServer

@Suite("Live updates over sockets", .timeLimit(.minutes(1)))
struct LiveStreamTests {
    private let live = LiveSample.path()

    @Test("an event stream begins with all that is known, and goes on with what happens")
    func events() async throws {
        try await withLiveServer(live) { port, _ in
            let client = try LoopbackClient(port: port)
            let head = await client.ask("/events/live?market=upbit:KRW-BTC")
            #expect(head.hasPrefix("http/1.1 200"))
            #expect(head.contains("content-type: text/event-stream"))
            #expect(head.contains("cache-control: no-store"))
            let first = try #require(await client.event(with: "event: snapshot"))
            #expect(first.contains("\"price\":\"145176000\"") && first.contains("\"orderbook\":{"))
            for await _ in live.subscribed { break }
            live.publish(.trade(LiveSample.bitcoin, LiveSample.trade(777, "145177000.5")))
            var update = try #require(await client.event(with: "777"))
            if update.hasPrefix("event: snapshot") {
                // It came before the path was heard, so it was known then; the next is an update.
                live.publish(.trade(LiveSample.bitcoin, LiveSample.trade(777, "145177000.5")))
                update = try #require(await client.event(with: "777"))
            }
            #expect(update.hasPrefix("data: [{\"type\":\"trade\""))
            #expect(update.contains("\"price\":\"145177000.5\""))
        }
    }

    @Test("the status says in plain words what is wrong, and from the age of the last message")
    func status() async throws {
        live.change {
            $0.collectors = [LiveSample.collector(.stalled, reason: "no message since 08:00", lastSecondsAgo: 95)]
        }
        try await withLiveServer(live) { port, _ in
            let client = try LoopbackClient(port: port)
            _ = await client.ask("/events/live")
            let status = try #require(await client.event(with: "event: status"))
            #expect(status.contains("upbit is connected but silent (no message since 08:00)"))
            #expect(status.contains("the last message is 1m 35s old"))
        }
    }

    @Test("HEAD of a stream has headers alone, an unknown market is not found, and neither is anything without a path")
    func edges() async throws {
        try await withLiveServer(live) { port, _ in
            for (path, status) in [
                ("/events/live?market=KRW-NIX", "404"), ("/events/none", "404"), ("/ws/prices", "426"),
            ] {
                let client = try LoopbackClient(port: port)
                #expect(await client.ask(path).hasPrefix("http/1.1 \(status)"))
            }
        }
        try await withLiveServer(nil) { port, _ in
            let events = try LoopbackClient(port: port)
            #expect(await events.ask("/events/live").hasPrefix("http/1.1 404"))
            let socket = try LoopbackClient(port: port)
            #expect(await socket.shakeHands().hasPrefix("http/1.1 503"))
        }
    }

    @Test("streams and sockets end when the server does")
    func end() async throws {
        var stream: LoopbackClient?
        var socket: LoopbackClient?
        try await withLiveServer(live) { port, _ in
            let events = try LoopbackClient(port: port)
            _ = await events.ask("/events/live")
            _ = await events.event(with: "snapshot")
            stream = events
            let prices = try LoopbackClient(port: port)
            _ = await prices.shakeHands()
            prices.send(text: #"{"action":"ping"}"#)
            #expect(await prices.message() == #"{"type":"pong"}"#)
            socket = prices
        }
        // The server has ended by now, although nobody hung up.
        #expect(await stream?.event(with: "nothing more") == nil)
        #expect(await socket?.message(with: "nothing more") == nil)
    }

    // MARK: - /ws/prices

    private func connected(_ port: Int) async throws -> LoopbackClient {
        let client = try LoopbackClient(port: port)
        #expect(await client.shakeHands().hasPrefix("http/1.1 101"))
        return client
    }

    @Test("a socket is told what it subscribed to, what is known of it, and then what happens, and no more")
    func subscribe() async throws {
        try await withLiveServer(live) { port, _ in
            let client = try await connected(port)
            client.send(text: #"{"action":"subscribe","symbols":["krw-btc"],"channels":["trade","ticker"]}"#)
            #expect(
                await client.message()
                    == #"{"type":"subscribed","subscriptions":[{"exchange":"upbit","symbol":"KRW-BTC","channels":["trade","ticker"]}]}"#
            )
            let snapshot = try JSONValue(parsing: await client.message() ?? "")
            #expect(snapshot["type"] == "snapshot" && snapshot["symbol"] == "KRW-BTC")
            #expect(snapshot["ticker"]?["price"] == "145176000")
            #expect(snapshot["orderbook"] == nil)
            for await _ in live.subscribed { break }
            live.publish(
                .book(LiveSample.bitcoin, LiveSample.book(9_000)), .trade(LiveSample.ether, LiveSample.trade(8, "1")),
                .trade(LiveSample.bitcoin, LiveSample.trade(778, "145178000")))
            var text = await client.message(with: "17000000000000778") ?? ""
            if text.contains("snapshot") {
                live.publish(.trade(LiveSample.bitcoin, LiveSample.trade(778, "145178000")))
                text = await client.message(with: "17000000000000778") ?? ""
            }
            let update = try JSONValue(parsing: text)
            #expect(update["sequential_id"] == "17000000000000778")
            #expect(update["price"] == "145178000" && update["side"] == "bid")
            client.send(text: #"{"action":"unsubscribe","symbols":["KRW-BTC"],"channels":["trade"]}"#)
            #expect(await client.message(with: "unsubscribed")?.contains(#""channels":["ticker"]"#) == true)
            live.publish(.trade(LiveSample.bitcoin, LiveSample.trade(779, "1")))
            live.publish(.ticker(LiveSample.bitcoin, LiveSample.ticker("2")))
            #expect(await client.message()?.contains("\"type\":\"ticker\"") == true)
        }
    }

    @Test(
        "what is wrong with a message is said, and the connection stays",
        arguments: [
            ("{", "invalid_json"), ("[1]", "invalid_message"), ("{}", "invalid_message"),
            (#"{"action":"subscrib","symbols":["KRW-BTC"]}"#, "did you mean subscribe?"),
            (#"{"action":"subscribe"}"#, "invalid_symbols"),
            (#"{"action":"subscribe","symbols":"KRW-BTC"}"#, "not a list of texts"),
            (#"{"action":"subscribe","symbols":["KRW-BTX"]}"#, "did you mean KRW-BTC"),
            (#"{"action":"subscribe","symbols":["BTC-KRW"]}"#, "did you mean KRW-BTC"),
            (#"{"action":"subscribe","symbols":["KRW-BTC"],"channels":["candles"]}"#, "unknown_channel"),
            (#"{"action":"subscribe","symbols":["KRW-BTC"],"channel":["trade"]}"#, "there is no field"),
            (#"{"action":"subscribe","symbols":["<script>"]}"#, "unknown_symbol"),
        ])
    func refusals(text: String, expected: String) async throws {
        try await withLiveServer(live) { port, _ in
            let client = try await connected(port)
            client.send(text: text)
            let answer = try #require(await client.message())
            #expect(try JSONValue(parsing: answer)["type"] == "error")
            #expect(answer.contains(expected))
            client.send(text: #"{"action":"ping"}"#)
            #expect(await client.message() == #"{"type":"pong"}"#)
        }
    }

    @Test("whatever comes, every text has an answer and nothing breaks")
    func fuzz() async throws {
        var random = SeededGenerator(seed: 7)
        let words = [
            "{", "}", "[", "]", ":", ",", "\"action\"", "\"subscribe\"", "\"symbols\"", "\"KRW-BTC\"", "\"channels\"",
            "\"trade\"", "null", "1e999", "-0", "\\u0000", "\u{202E}", "\"\u{301}", "true",
        ]
        let texts = (0..<2_000).map { _ in
            (0..<random.next() % 12).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined()
        }
        for text in texts {
            let refusal = #expect(throws: PriceSocketMessage.Refusal.self) { try PriceSocketMessage(text) }
            #expect(try JSONValue(parsing: refusal?.json ?? "")["type"] == "error")
        }
        try await withLiveServer(live) { port, _ in
            let client = try await connected(port)
            // One of them at a time may wait for its answer: each is a turn of every thread between.
            for text in texts.prefix(20) {
                client.send(text: text)
                let answer = try JSONValue(parsing: await client.message() ?? "")
                #expect(answer["type"] == "error")
            }
            client.send(text: String(repeating: "[", count: 16_000))
            #expect(await client.message()?.contains("\"type\":\"error\"") == true)
            client.send(opcode: 2, [1, 2, 3])
            #expect(await client.message()?.contains("binary") == true)
            client.send(text: #"{"action":"ping"}"#)
            #expect(await client.message() == #"{"type":"pong"}"#)
        }
    }

    @Test("pages of other sites may not listen, and neither may other names for this machine")
    func origins() async throws {
        try await withLiveServer(live) { port, _ in
            let host = "127.0.0.1:\(port)"
            let shake = { (origin: String?, host: String) async throws in
                try await LoopbackClient(port: port).shakeHands(origin: origin, host: host).prefix(12)
            }
            let cases: [(String?, String, String)] = [
                ("http://\(host)", host, "101"), (nil, host, "101"), ("https://evil.example", host, "403"),
                ("http://127.0.0.1:1", host, "403"), ("null", host, "403"),
                ("http://evil.example", "evil.example", "421"),
            ]
            for (origin, host, status) in cases {
                let answer = try await shake(origin, host)
                #expect(answer == "http/1.1 \(status)", "\(origin ?? "none")")
            }
        }
    }
}
