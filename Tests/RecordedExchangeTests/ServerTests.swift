import CivilTime
import Glibc
import Logging
import ServiceLifecycle
import Testing

@testable import RecordedExchange

@Suite("Recorded exchange on loopback", .timeLimit(.minutes(2))) struct ServerTests {
    /// Runs a server on a free port, then `body`, then stops the server and waits for its end.
    private func withServer(
        limits: LimitPolicy = .none, faults: [Fault] = [], _ body: (LoopbackClient) async throws -> Void
    ) async throws {
        let recording = try Samples.shipped.get()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let service = RecordedExchangeService(
            recording: recording,
            clock: .pinned(at: try Samples.time("2026-11-20T12:34:56Z"), span: recording.span),
            configuration: ExchangeConfiguration(limits: limits, faults: faults), logger: Logger(label: "test")
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
            for await port in ports { try await body(LoopbackClient(port: port)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private let candles = "/v1/candles/minutes/60?market=KRW-BTC&count=200"

    @Test("an answer carries Upbit's headers and the mark of what was computed")
    func headers() async throws {
        try await withServer { client in
            let answer = await client.get(candles)
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/json;charset=UTF-8")
            #expect(answer.header("Remaining-Req") == "group=candles; min=600; sec=9")
            #expect(answer.header("limit-by-ip") == "Yes")
            #expect(answer.header("X-Derived") == "candle_acc_trade_price,timestamp")
            let rows = try JSONShape.parse(answer.body).elements
            #expect(rows.count == 200)
            let ticker = await client.get("/v1/ticker?markets=KRW-BTC")
            #expect(ticker.header("Remaining-Req") == "group=ticker; min=600; sec=9")
            #expect(await client.get("/v1/market/all").header("Remaining-Req") == "group=market; min=600; sec=9")
            let unknown = await client.get("/v1/nope")
            #expect(unknown.status == 404 && unknown.header("Remaining-Req") == nil)
            #expect(unknown.text == #"{"error":{"name":"not_found","message":"no Route matched with those values"}}"#)
            #expect(await client.send("POST", candles, body: "").status == 404)
        }
    }

    @Test("the clock's endpoint tells the present, the shift and the span")
    func clock() async throws {
        try await withServer { client in
            let answer = try JSONShape.parse(await client.get("/v1/_recorded").body)
            #expect(answer["recorded"]?.text == "true")
            #expect(answer["now"]?.text == "2026-11-20T12:34:56Z")
            #expect(answer["pinned"]?.text == "true")
            #expect(answer["shift_weeks"]?.text == "123")
            #expect(answer["first"]?.text == "2026-08-10T00:00:00Z")
            #expect(answer["last"]?.text == "2027-05-11T23:00:00Z")
            #expect(answer["past_end"]?.text == "false")
        }
    }

    @Test("with Upbit's limits the requests above ten a second are refused, and a flood is blocked")
    func limits() async throws {
        try await withServer(limits: .upbit) { client in
            var statuses: [Int: Int] = [:]
            var last: LoopbackClient.Answer?
            // As long as it takes: a slow machine may spread the flood over several seconds.
            for _ in 0..<2000 where statuses[418] == nil {
                await withTaskGroup(of: LoopbackClient.Answer.self) { group in
                    for _ in 0..<40 { group.addTask { await client.get("/v1/market/all") } }
                    for await answer in group {
                        statuses[answer.status ?? 0, default: 0] += 1
                        if answer.status == 418 { last = answer }
                    }
                }
            }
            #expect(statuses[200, default: 0] >= 10)
            #expect(statuses[429, default: 0] >= RequestLimits.refusalsBeforeBlock)
            #expect(Set(statuses.keys) == [200, 429, 418])
            #expect(last?.header("Remaining-Req") == "group=market; min=600; sec=0")
            #expect(last?.text.contains("retry after") == true)
            // The exchange's own endpoints stay reachable.
            #expect(await client.get("/v1/_recorded").status == 200)
            #expect(await client.send("DELETE", "/faults", body: "").status == 200)
            #expect(await client.get("/v1/market/all").status == 200)
        }
    }

    @Test("a fault of the configuration is there from the start and over after its count")
    func configured() async throws {
        try await withServer(faults: [Fault(kind: .internalError, path: "/v1/candles", count: 2)]) { client in
            #expect(await client.get("/v1/market/all").status == 200)
            #expect(await client.get(candles).status == 500)
            #expect(await client.get(candles).status == 500)
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test(
        "answers with a wrong status",
        arguments: [
            ("429", 429, #"{"error":{"name":"too_many_requests""#), ("500", 500, #"{"error":{"name":"server_error""#),
            ("503", 503, "<html>"),
        ])
    func statuses(kind: String, status: Int, body: String) async throws {
        try await withServer { client in
            let set = await client.send("POST", "/faults", body: #"{"kind":"\#(kind)","count":1}"#)
            let shown = #"{"faults":[{"count":1,"kind":"\#(kind)","path":"/v1/","probability":1,"seed":1,"skip":0}]"#
            #expect(set.status == 200 && set.text.hasPrefix(shown))
            let answer = await client.get(candles)
            #expect(answer.status == status && answer.text.hasPrefix(body))
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test("418 lasts for its seconds and ends when the faults are cleared")
    func blocked() async throws {
        try await withServer { client in
            _ = await client.send("POST", "/faults", body: #"{"kind":"418","count":1,"seconds":600}"#)
            #expect(await client.get(candles).status == 418)
            #expect(await client.get("/v1/market/all").status == 418)
            let list = try JSONShape.parse(await client.get("/faults").body)
            #expect(list["refused_418"]?.text == "1" && list["disturbed"]?.text == "1")
            _ = await client.send("DELETE", "/faults", body: "")
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test("truncated JSON is a whole HTTP answer, garbage is not even text")
    func spoiltBodies() async throws {
        try await withServer { client in
            let whole = await client.get(candles)
            _ = await client.send("POST", "/faults", body: #"{"kind":"truncate","count":1}"#)
            let half = await client.get(candles)
            #expect(half.status == 200 && half.header("Content-Length") == "\(half.body.count)")
            #expect(whole.body.starts(with: half.body) && half.body.count == whole.body.count / 2)
            #expect(throws: JSONShape.Malformed.self) { try JSONShape.parse(half.body) }
            _ = await client.send("POST", "/faults", body: #"{"kind":"garbage","count":1}"#)
            let garbage = await client.get(candles)
            #expect(garbage.status == 200)
            #expect(String(validating: garbage.body, as: UTF8.self) == nil)
        }
    }

    @Test("a cut-off answer announces more than comes")
    func cutoff() async throws {
        try await withServer(faults: [Fault(kind: .cutoff, count: 1)]) { client in
            let answer = await client.get(candles)
            let announced = try #require(answer.header("Content-Length").flatMap { Int($0) })
            #expect(answer.status == 200 && answer.body.count < announced)
            #expect(await client.get(candles).body.count == announced)
        }
    }

    @Test("a reset ends the connection without an answer, in TCP's way")
    func reset() async throws {
        try await withServer(faults: [Fault(kind: .reset, count: 1)]) { client in
            let answer = await client.get(candles)
            #expect(answer.status == nil && answer.errorNumber == ECONNRESET)
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test("a slow answer is right and late")
    func slow() async throws {
        try await withServer(faults: [Fault(kind: .slow, count: 1, seconds: 0.3)]) { client in
            let start = ContinuousClock.now
            #expect(await client.get(candles).status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(300))
        }
    }

    @Test("a hanging request gets nothing until the faults are cleared")
    func hang() async throws {
        try await withServer(faults: [Fault(kind: .hang, seconds: 600)]) { client in
            async let hanging = client.get(candles)
            while try JSONShape.parse(await client.get("/faults").body)["disturbed"]?.text != "1" { await Task.yield() }
            _ = await client.send("DELETE", "/faults", body: "")
            #expect(await hanging.status == nil)
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test("a server with a hanging request stops at once")
    func stopWhileHanging() async throws {
        try await withThrowingTaskGroup(of: LoopbackClient.Answer.self) { clients in
            let (servers, continuation) = AsyncStream.makeStream(of: LoopbackClient.self)
            clients.addTask {
                for await server in servers { return await server.get("/v1/market/all") }
                return LoopbackClient.Answer()
            }
            try await withServer(faults: [Fault(kind: .hang, seconds: 600)]) { server in
                continuation.yield(server)
                while try JSONShape.parse(await server.get("/faults").body)["disturbed"]?.text != "1" {
                    await Task.yield()
                }
            }
            #expect(try await clients.next()?.status == nil)
        }
    }

    @Test("faults are refused to pages in a browser, to other methods and when they are wrong")
    func control() async throws {
        try await withServer { client in
            let page = await client.send(
                "POST", "/faults", headers: ["Origin: http://example.com"], body: #"{"kind":"500"}"#)
            #expect(page.status == 403)
            #expect(await client.send("PUT", "/faults", body: "{}").status == 405)
            let wrong = await client.send("POST", "/faults", body: #"{"kind":"500","cuont":1}"#)
            #expect(wrong.status == 400 && wrong.text.contains("cuont"))
            #expect(await client.get(candles).status == 200)
        }
    }

    @Test("a taken port is said so, with what to do")
    func takenPort() async throws {
        let recording = try Samples.shipped.get()
        try await withServer { client in
            let second = RecordedExchangeService(
                recording: recording, clock: .running(shiftWeeks: 0, span: recording.span),
                configuration: ExchangeConfiguration(port: client.port), logger: Logger(label: "test"))
            let error = await #expect(throws: RecordingError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(client.port): Address already in use") == true)
            #expect(error?.description.contains("--port") == true)
        }
    }

    @Test("an address of another machine is said so")
    func foreignAddress() async throws {
        let recording = try Samples.shipped.get()
        let service = RecordedExchangeService(
            recording: recording, clock: .running(shiftWeeks: 0, span: recording.span),
            configuration: ExchangeConfiguration(host: "192.0.2.1"), logger: Logger(label: "test"))
        let error = await #expect(throws: RecordingError.self) { try await service.run() }
        #expect(error?.description.contains("192.0.2.1:0: Cannot assign requested address") == true)
    }
}
