import CivilTime
import Collecting
import Markets
import PostgresClient
import ServiceLifecycle
import Synchronization
import Testing

@testable import Streaming

@Suite("List of markets and its share-out", .timeLimit(.minutes(2))) struct MarketSharingTests {
    private static let lease = Duration.seconds(60)

    @Test("the list begins with the default markets, of which bitcoin's stays")
    func list() async throws {
        try await StreamDatabase.use { database in
            let list = MarketList(pool: database.pool)
            let codes = ["KRW-BTC", "KRW-DOGE", "KRW-ETH", "KRW-SOL", "KRW-XRP"]
            #expect(try await list.entries().map(\.key.market.description) == codes)
            #expect(try await list.entries().filter(\.isProtected).map(\.key.market.description) == ["KRW-BTC"])
            let listed = try ["KRW-BTC", "KRW-ADA", "BTC-ADA", "KRW-ADX"].map(Sample.market)
            #expect(try await list.add(Sample.key("KRW-ADA"), by: "tester", listed: listed))
            #expect(try await !list.add(Sample.key("KRW-ADA"), by: "other", listed: listed))
            #expect(try await list.entries().first { $0.key.market.description == "KRW-ADA" }?.addedBy == "tester")
            try await list.remove(Sample.key("KRW-ADA"))
            #expect(try await list.entries().map(\.key.market.description) == codes)
        }
    }

    @Test("refusals say what is known instead")
    func refusals() async throws {
        try await StreamDatabase.use { database in
            let list = MarketList(pool: database.pool)
            let listed = try ["KRW-BTC", "KRW-ADA", "KRW-ADX", "KRW-ETH"].map(Sample.market)
            let unknown = await #expect(throws: MarketListError.self) {
                _ = try await list.add(Sample.key("KRW-AD"), by: "tester", listed: listed)
            }
            #expect(unknown?.description == "Upbit has no market KRW-AD: did you mean KRW-ADA or KRW-ADX?")
            let turned = await #expect(throws: MarketListError.self) {
                _ = try await list.add(Sample.key("ETH-KRW"), by: "tester", listed: listed)
            }
            #expect(turned?.description.hasPrefix("Upbit has no market ETH-KRW: did you mean KRW-ETH") == true)
            await #expect(throws: MarketListError.protected(try Sample.key())) { try await list.remove(Sample.key()) }
            await #expect(
                throws: MarketListError.notOnList(try Sample.key("KRW-XPR"), nearest: [try Sample.market("KRW-XRP")])
            ) {
                try await list.remove(Sample.key("KRW-XPR"))
            }
            // Not even by hand.
            await #expect(throws: PostgresError.self) {
                try await database.pool.query("DELETE FROM warehouse.stream_market")
            }
            #expect(try await list.entries().count == 5)
        }
    }

    private func claim(_ database: StreamDatabase, _ worker: String, lease: Duration = lease) async throws -> [String] {
        try await MarketClaims.claim(database.pool, exchange: .upbit, worker: worker, lease: lease).map(\.description)
    }

    @Test("workers share evenly; each market has exactly one")
    func shares() async throws {
        try await StreamDatabase.use { database in
            #expect(try await claim(database, "a").count == 5)
            #expect(try await claim(database, "b").isEmpty)
            #expect(try await claim(database, "a") == ["KRW-BTC", "KRW-DOGE", "KRW-ETH"])
            #expect(try await claim(database, "b") == ["KRW-SOL", "KRW-XRP"])
            for _ in 0..<3 {
                for worker in ["a", "b", "c", "d"] { _ = try await claim(database, worker) }
            }
            let held = try await database.rows("count(*)", "FROM warehouse.stream_claim GROUP BY worker ORDER BY 1")
            #expect(held == ["1", "1", "1", "2"])
        }
    }

    @Test("a dead worker's markets are taken when its lease is over, and the stretch without one is noted")
    func takeover() async throws {
        try await StreamDatabase.use { database in
            #expect(try await claim(database, "a").count == 5)
            try await database.asOwner(
                """
                UPDATE warehouse.stream_claim SET heartbeat_at = heartbeat_at - interval '59 s';
                UPDATE warehouse.stream_worker SET heartbeat_at = heartbeat_at - interval '59 s'
                """)
            #expect(try await claim(database, "b", lease: .seconds(3_600)).isEmpty)
            #expect(try await claim(database, "b", lease: .seconds(50)).count == 5)
            #expect(
                try await database.rows("count(*); min(until - since) >= '59 s'", "FROM warehouse.stream_outage")
                    == ["5|true"])
            // The dead one comes back: it has no claim, and then its share.
            #expect(try await claim(database, "a").isEmpty)
            #expect(try await claim(database, "b").count == 2)
            #expect(try await claim(database, "a").count == 3)
        }
    }

    @Test("a worker hears of a change of the list at once, and lets go of everything when it stops")
    func service() async throws {
        try await StreamDatabase.use { database in
            let (changes, change) = AsyncStream.makeStream(of: [String].self)
            let claims = MarketClaims(
                pool: database.pool, exchange: .upbit, worker: "a", beat: .seconds(600), logger: Sample.logger
            ) { change.yield($0.map(\.description)) }
            let group = ServiceGroup(services: [claims], logger: Sample.logger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var seen = changes.makeAsyncIterator()
                #expect(await seen.next()?.count == 5)
                try await until {
                    try await database.asOwner(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                            + "AND query ILIKE 'LISTEN%'") == "1"
                }
                let list = MarketList(pool: database.pool)
                _ = try await list.add(
                    Sample.key("KRW-ADA"), by: "tester", listed: [Sample.market("KRW-ADA")])
                #expect(await seen.next()?.first == "KRW-ADA")
                try await list.remove(Sample.key("KRW-SOL"))
                #expect(await seen.next() == ["KRW-ADA", "KRW-BTC", "KRW-DOGE", "KRW-ETH", "KRW-XRP"])
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(try await database.count("FROM warehouse.stream_claim WHERE worker IS NOT NULL") == 0)
            #expect(try await database.count("FROM warehouse.stream_worker") == 0)
        }
    }

    @Test("the board shows what each worker's collectors do")
    func board() async throws {
        try await StreamDatabase.use { database in
            let board = CollectorBoard(pool: database.pool)
            var status = CollectorStatus(
                exchange: "upbit", name: "upbit", markets: ["KRW-BTC"], state: .running,
                since: Sample.start, lastMessageAt: Sample.start, rate: 12.5, lagSeconds: 0.25, messages: 9,
                reconnects: 1, gaps: 2, filledTrades: 3, malformed: 4, shed: 5, history: [0, 1, 2])
            var trades = SinkStatus(name: "trades")
            trades.stored = 7
            trades.lastCommitSeconds = 0.004
            try await board.write(worker: "a", statuses: [status], restURL: [.upbit: "http://there"], trades: trades)
            status.state = .stalled
            status.reason = "nothing for 30 s"
            try await board.write(worker: "a", statuses: [status], restURL: [.upbit: "http://there"], trades: trades)
            try await board.write(worker: "b", statuses: [status], restURL: [:], trades: trades)
            try await database.asOwner(
                "UPDATE warehouse.stream_collector SET updated_at = updated_at - interval '1 min' WHERE worker = 'a'")
            let entries = try await board.entries()
            #expect(entries.map(\.worker) == ["b", "a"])
            #expect(entries.map(\.isSilent) == [false, true])
            let entry = try #require(entries.last)
            #expect(entry.status == status)
            #expect(entry.restURL == "http://there" && entry.stored == 7 && entry.commitSeconds == 0.004)
            try await database.asOwner(
                "UPDATE warehouse.stream_collector SET updated_at = updated_at - interval '2 days' WHERE worker = 'a'")
            try await board.write(worker: "b", statuses: [status], restURL: [:], trades: trades)
            #expect(try await board.entries().map(\.worker) == ["b"])
        }
    }
}
