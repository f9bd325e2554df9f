import CivilTime
import Markets
import PostgresClient
import Synchronization
import Testing

@testable import Streaming

@Suite("Holes among stored trades", .timeLimit(.minutes(2))) struct HoleJournalTests {
    @Test("collecting goes on where trades may lack, although newer ones are stored")
    func resume() async throws {
        try await StreamDatabase.use { database in
            let store = TradeStore(pool: database.pool)
            #expect(try await store.resumePoint(Sample.key()) == nil)
            _ = try await store.store([Sample.trade(at: 1_000, id: 1)])
            let first = TradeStore.Key(tradedAt: Sample.start + .seconds(1), sequentialID: 1)
            #expect(try await store.resumePoint(Sample.key()) == first)
            // A worker that stored what came after a gap, and died before it had asked for the gap.
            _ = try await store.store([Sample.trade(at: 900_000, id: 2)])
            #expect(try await store.resumePoint(Sample.key())?.tradedAt == first.tradedAt)
            try await database.pool.query("DELETE FROM warehouse.stream_hole")
            #expect(try await store.resumePoint(Sample.key())?.sequentialID == 2)
        }
    }

    @Test("a claim notes the hole before anything newer can be stored")
    func claim() async throws {
        try await StreamDatabase.use { database in
            _ = try await TradeStore(pool: database.pool).store([Sample.trade(at: 1_000, id: 1)])
            _ = try await MarketClaims.claim(database.pool, exchange: .upbit, worker: "a", lease: .seconds(60))
            #expect(
                try await database.rows("market; to_char(since, 'SS')", "FROM warehouse.stream_hole") == ["KRW-BTC|01"])
        }
    }

    @Test("a hole is struck out only when what was published before is stored")
    func journal() async throws {
        try await StreamDatabase.use { database in
            let bitcoin = try Sample.market("KRW-BTC")
            let ether = try Sample.market("KRW-ETH")
            let state = Mutex((report: GapReport(), status: SinkStatus(name: "trades"), looks: 0))
            state.withLock { state in
                state.report.open = [bitcoin: Sample.start, ether: Sample.start]
                state.status.waiting = 5
            }
            let journal = HoleJournal(
                pool: database.pool, exchange: .upbit, interval: .milliseconds(1), logger: Sample.logger,
                gaps: {
                    state.withLock { state in
                        state.looks += 1
                        return state.report
                    }
                }, trades: { state.withLock { $0.status } })
            let running = Task { await journal.run() }
            let holes = { try await database.rows("market", "FROM warehouse.stream_hole ORDER BY 1") }
            try await until { try await holes() == ["KRW-BTC", "KRW-ETH"] }
            state.withLock { state in
                state.report.open = [ether: Sample.start]
                state.report.closed = [bitcoin]
            }
            // Not stored yet, however often it looks.
            let looked = state.withLock { $0.looks }
            try await until { state.withLock { $0.looks } > looked + 20 }
            #expect(try await holes() == ["KRW-BTC", "KRW-ETH"])
            // As batches go on being stored, what was published before a look is among them.
            try await until {
                state.withLock { $0.status.batchesDone += 1 }
                return try await holes() == ["KRW-ETH"]
            }
            running.cancel()
            await running.value
        }
    }
}
