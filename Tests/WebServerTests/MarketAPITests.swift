import CivilTime
import DAGModel
import Testing

@testable import WebServer

@Suite("The market API", .timeLimit(.minutes(1)))
struct MarketAPITests {
    private let live = LiveSample.path()

    private func get(_ target: String, method: PageRequest.Method = .get) async throws -> (PageReply, JSONValue) {
        let reply = try await TestSite(FakeHistory(), live: live).get(target, method: method)
        return (reply, try JSONValue(parsing: reply.text))
    }

    @Test("prices are the newest of trade and ticker, exact as text, with times in UTC")
    func prices() async throws {
        let (reply, json) = try await get("/api/market/prices")
        #expect(reply.status == 200)
        #expect(reply.headers.contains { $0.name == "Cache-Control" && $0.value == "no-store" })
        let rows = try #require(json["prices"]?.arrayValue)
        #expect(rows.map { $0["symbol"] } == ["KRW-BTC", "KRW-ETH"])
        #expect(rows[1]["price"] == "5123000.5")
        #expect(rows[1]["at"] == .string((LiveSample.now - .seconds(7)).iso8601))
        let one = try await get("/api/market/prices?symbol=KRW-BTC").1
        #expect(one["prices"]?.arrayValue?.count == 1)
    }

    @Test("symbols are listed with their names")
    func symbols() async throws {
        let json = try await get("/api/market/symbols").1
        #expect(json["symbols"]?.arrayValue?.count == 3)
        #expect(json["symbols"]?.arrayValue?[1]["name"] == "Bitcoin")
        #expect(json["symbols"]?.arrayValue?[0]["name"] == .null)
    }

    @Test("history asks for what was asked for, and gives candles oldest first")
    func history() async throws {
        let json = try await get(
            "/api/market/history?symbol=upbit:KRW-BTC&unit=5m&from=2026-11-20T00:00:00Z&to=2026-11-20T09:00:00%2B09:00&limit=3"
        ).1
        // The end is the beginning in another zone: refused below; here the order is what matters.
        #expect(json["error"]?["code"] == "invalid_from")
        let found = try await get("/api/market/history?symbol=KRW-BTC&unit=5m&from=2026-11-20T00:00:00Z&limit=3").1
        #expect(found["candles"]?.arrayValue?.count == 3)
        #expect(found["unit"] == "5m")
        #expect(found["candles"]?.arrayValue?.first?["low"] == "144900000.125")
        let asked = try #require(live.read { $0.asked.last })
        #expect(asked.from == Timestamp(iso8601: "2026-11-20T00:00:00Z") && asked.limit == 3 && asked.to == nil)
    }

    @Test("trades come in pages without gaps or repeats")
    func trades() async throws {
        var seen: [String] = []
        var next: String? = ""
        while let cursor = next {
            let before = cursor.isEmpty ? "" : "&before=\(cursor)"
            let json = try await get("/api/market/trades?symbol=KRW-BTC&limit=7\(before)").1
            seen += (json["trades"]?.arrayValue ?? []).compactMap { $0["sequential_id"]?.stringValue }
            next = json["next"]?.stringValue
        }
        #expect(seen == live.read { $0.trades.map { String($0.sequentialID) } })
        #expect(seen.count == 60)
    }

    @Test("an order book has as many steps as asked for")
    func orderBook() async throws {
        let json = try await get("/api/market/orderbook?symbol=KRW-BTC&depth=4").1
        #expect(json["bids"]?.arrayValue?.count == 4)
        #expect(json["asks"]?.arrayValue?.first == ["145177000", "0.31"])
        let (reply, none) = try await get("/api/market/orderbook?symbol=KRW-ETH")
        #expect(reply.status == 404 && none["error"]?["code"] == "not_found")
    }

    @Test(
        "what is wrong is said with status, code and advice",
        arguments: [
            ("/api/market/history?symbol=KRW-BTX", 400, "unknown_symbol", "KRW-BTC"),
            ("/api/market/history?symbol=BTC", 400, "unknown_symbol", "KRW-BTC"),
            ("/api/market/history?symbol=binance:KRW-BTC", 400, "unknown_symbol", "KRW-BTC"),
            ("/api/market/history", 400, "invalid_symbol", "symbol=KRW-BTC"),
            ("/api/market/history?symbol=KRW-BTC&unit=2m", 400, "invalid_unit", "1m"),
            ("/api/market/history?symbol=KRW-BTC&from=yesterday", 400, "invalid_from", "ISO 8601"),
            ("/api/market/history?symbol=KRW-BTC&limit=0", 400, "invalid_limit", "from 1 to 1000"),
            ("/api/market/trades?symbol=KRW-BTC&limit=501", 400, "invalid_limit", "500"),
            ("/api/market/trades?symbol=KRW-BTC&before=x", 400, "invalid_before", "next"),
            ("/api/market/trades?symbol=KRW-BTC&count=1", 400, "invalid_parameter", "limit"),
            ("/api/market/candles", 404, "not_found", "history"),
            ("/api/other", 404, "not_found", "openapi.json"),
        ])
    func problems(target: String, status: Int, code: String, advice: String) async throws {
        let (reply, json) = try await get(target)
        #expect(reply.status == status)
        #expect(json["error"]?["code"] == .string(code))
        #expect(json["error"]?["detail"]?.stringValue?.contains(advice) == true)
        #expect(json["error"]?["message"]?.stringValue?.isEmpty == false)
    }

    @Test("it only answers; without a path, or with one that fails, it says so")
    func unavailable() async throws {
        let (posted, json) = try await get("/api/market/prices", method: .other)
        #expect(posted.status == 405 && json["error"]?["code"] == "method_not_allowed")
        #expect(posted.headers.contains { $0.name == "Allow" && $0.value == "GET, HEAD" })
        let none = try await TestSite(FakeHistory()).get("/api/market/prices")
        #expect(none.status == 503 && none.text.contains("no_live_path"))
        live.change { $0.failure = Outage() }
        let (failed, problem) = try await get("/api/market/prices")
        #expect(failed.status == 503 && problem["error"]?["code"] == "unavailable")
    }

    @Test("the description is JSON, names every address, and is not sent twice")
    func description() async throws {
        let (reply, json) = try await get("/api/openapi.json")
        #expect(reply.status == 200)
        #expect(
            Set(json["paths"]?.objectValue.map { Array($0.keys) } ?? [])
                == Set(
                    APIRoutes.marketNames.map { "/api/market/\($0)" } + APIRoutes.modelNames.map { "/api/ai/\($0)" }
                        + ["/api/ai/models/{model}"]))
        let tag = try #require(reply.tag)
        let request = try #require(
            PageRequest(method: .get, target: "/api/openapi.json", host: "localhost", knownTag: tag))
        let again = try await TestSite(FakeHistory(), live: live).site.respond(to: request)
        #expect(again.status == 304 && again.text.isEmpty)
    }
}
