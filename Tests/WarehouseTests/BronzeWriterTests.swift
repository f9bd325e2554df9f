import CivilTime
import HTTPClient
import Markets
import Testing

@testable import Warehouse

@Suite("Writing Bronze", .timeLimit(.minutes(2)))
struct BronzeWriterTests {
    private let hour = span("2026-01-05T10:00:00Z", hours: 1)

    private func reply(asked: String, rows: Int, body: String = "[]") -> BronzeReply {
        let sent = instant(asked)
        let raw = RawReply(
            exchange: .upbit, url: "http://localhost/v1/candles", endpoint: "/v1/candles", status: 200, headers: [:],
            body: Array(body.utf8), callTime: sent, receivedAt: sent, attempt: 1)
        var reply = BronzeReply(raw, endpoint: .candles, hours: hour, attempt: 1, callTime: sent)
        reply.unit = 60
        reply.answered = [.init(market: "KRW-BTC", start: hour.start, rows: rows, isFinal: true)]
        return reply
    }

    @Test("coverage follows the latest request, whatever the order of writing")
    func latestWins() async throws {
        try await WarehouseDatabase.use { database in
            let writer = BronzeWriter(pool: database.pool)
            let latest = try await writer.store(reply(asked: "2026-01-06T12:00:00Z", rows: 1))
            _ = try await writer.store(reply(asked: "2026-01-06T11:00:00Z", rows: 0))
            #expect(
                try await database.rows("rows;asked_at;call_id", "FROM market_coverage") == [
                    "1|2026-01-06 12:00:00+00|\(latest)"
                ])
            #expect(try await database.count("FROM crypto_24hr_rawingest_landing") == 2)
        }
    }

    @Test("a body that is no JSON is cut at 1 MiB")
    func bounded() async throws {
        try await WarehouseDatabase.use { database in
            let body = String(repeating: "x", count: BronzeWriter.bodyLimit + 1)
            var garbage = reply(asked: "2026-01-06T12:00:00Z", rows: 0, body: body)
            garbage.answered = []
            garbage.failure = "no JSON\0" + String(repeating: "!", count: 5_000)
            _ = try await BronzeWriter(pool: database.pool).store(garbage)
            #expect(
                try await database.rows(
                    "payload;octet_length(body);length(failure)", "FROM crypto_24hr_rawingest_landing")
                    == ["-|1048576|999"])
        }
    }
}
