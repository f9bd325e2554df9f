package import Collecting
package import HTTPClient
package import Hosting
package import Logging
package import Markets
package import PostgresClient
package import ServiceLifecycle
package import Streaming

/// The real-time path of a process: collectors, bus, sinks and what they share, made ready to run.
package enum StreamProgram {
    /// How a worker differs from another one.
    package struct Settings: Sendable {
        /// Its name, which no other worker of the database may have at the same time.
        package var worker = "\(ThisProcess.hostName())-\(ThisProcess.processID())"
        /// Exactly these markets, whatever the list says; nil to share the list's with the other workers.
        package var markets: [MarketCode]?
        /// The WebSocket address; nil for the exchange's own.
        package var webSocketURL: String?

        package init() {}
    }

    /// What runs, and what pages, APIs and metrics read.
    ///
    /// Live pages subscribe to `bus`, ask `latest`, `list`, `board` and the database through `pool`; nothing else of
    /// the path has to be known to them.
    package struct Parts: Sendable {
        package let worker: String
        /// Every market event of this worker.
        package let bus: any EventBus
        package let latest: any LatestValues
        package let list: MarketList
        /// The status of all workers' collectors.
        package let board: CollectorBoard
        package let trades: TradeStore
        /// Asks the exchanges' REST interfaces, within their limits.
        package let rest: [Exchange: MarketREST]
        /// Connections to the warehouse, of the real-time path alone.
        package let pool: PostgresPool
        /// This worker's collectors.
        package let collectors: [CollectorService]
        let sinks: Sinks
        /// In the order in which they start; they stop in the opposite one, so that what collectors publish is stored.
        package let services: [any Service]

        /// What this worker's collectors do now.
        package func collectorStatuses() async -> [CollectorStatus] {
            var statuses: [CollectorStatus] = []
            for collector in collectors { statuses.append(await collector.status()) }
            return statuses
        }

        /// What this worker's sinks have done.
        package func sinkStatuses() -> [SinkStatus] {
            [sinks.trades.status, sinks.books.status, sinks.latest.status, sinks.deadLetters.figures.now]
        }

        /// Ends the connections, after the services have ended.
        package func close() async { await pool.close() }
    }

    struct Sinks: Sendable {
        let trades: TradeSink
        let books: BookSink
        let latest: LatestSink
        let deadLetters: DeadLetterStore
    }

    /// Wires the path; nothing runs yet, and the database is not asked before it does.
    ///
    /// - Parameters:
    ///   - warehouseURL: the database under the role of the warehouse, with all migrations applied.
    ///   - source: where the exchange's REST interface is.
    package static func open(
        warehouseURL: String, source: MarketSource, http: HTTPClient, settings: Settings, logger: Logger
    ) async throws -> Parts {
        var database = try PostgresSettings(url: warehouseURL)
        database.applicationName = "cryptoflow stream"
        // Sinks have a patience of their own, and say meanwhile what they wait for.
        let pool = PostgresPool(database, options: PostgresPoolOptions(maxConnections: 6, connectPatience: .zero))
        let bus = InProcessEventBus()
        let latest = InMemoryLatestValues()
        let store = TradeStore(pool: pool)
        let letters = DeadLetterStore(pool: pool, logger: logger)
        let sinks = Sinks(
            trades: try await TradeSink(bus: bus, store: store, deadLetters: letters, logger: logger),
            books: try await BookSink(bus: bus, pool: pool, logger: logger),
            latest: try await LatestSink(bus: bus, latest: latest), deadLetters: letters)

        let rest = MarketREST.upbit(http: http, baseURL: source.upbitURL, limiters: source.limiters)
        let collector = CollectorService(
            name: "upbit", markets: settings.markets ?? [],
            parts: CollectorService.Parts(
                dialect: UpbitStreamDialect(), rest: rest, bus: bus, deadLetters: letters,
                url: settings.webSocketURL ?? source.upbitURL.map(webSocketURL),
                lastKnownTrade: { market in
                    let known = try await store.resumePoint(StreamKey(exchange: .upbit, market: market))
                    return known.map { ($0.tradedAt, $0.sequentialID) }
                }),
            logger: logger)

        let board = CollectorBoard(pool: pool)
        let reporter = StatusReporter(
            board: board, worker: settings.worker, restURL: [.upbit: source.upbitURL ?? rest.dialect.defaultBaseURL],
            logger: logger, statuses: { [await collector.status()] }, trades: { sinks.trades.status })
        let holes = HoleJournal(
            pool: pool, exchange: .upbit, logger: logger, gaps: { await collector.gapReport() },
            trades: { sinks.trades.status })
        var services: [any Service] = [letters, sinks.latest, sinks.books, sinks.trades, reporter, holes, collector]
        if settings.markets == nil {
            services.append(
                MarketClaims(pool: pool, exchange: .upbit, worker: settings.worker, logger: logger) { markets in
                    await collector.setMarkets(markets)
                })
        }
        return Parts(
            worker: settings.worker, bus: bus, latest: latest, list: MarketList(pool: pool), board: board,
            trades: store, rest: [.upbit: rest], pool: pool, collectors: [collector], sinks: sinks, services: services)
    }

    /// The WebSocket of an exchange whose REST interface is at `url`: same host and port, Upbit's path.
    static func webSocketURL(besides url: String) -> String {
        var address = url
        while address.hasSuffix("/") { address.removeLast() }
        if address.hasPrefix("https://") {
            address = "wss://" + address.dropFirst("https://".count)
        } else if address.hasPrefix("http://") {
            address = "ws://" + address.dropFirst("http://".count)
        }
        return address + "/websocket/v1"
    }
}
