package import CivilTime
package import Collecting
package import Logging
package import Markets
import ServiceLifecycle
package import WebSocketClient

/// Collects an exchange's stream: one connection for all markets, kept open, watched and mended, its messages published.
///
/// A ``CollectorMachine`` decides, this performs. Between socket and bus a bounded number of messages waits; a slow bus
/// makes it shed order books first, and trades that were shed are asked for again. Trades reach the bus at least once.
package actor CollectorService: Service {
    /// What a collector works with.
    package struct Parts: Sendable {
        package var dialect: any MarketStreamDialect
        /// Asked for past trades.
        package var rest: MarketREST
        package var bus: any EventBus
        package var deadLetters: any DeadLetterSink
        /// The stream's address; nil is the exchange's own.
        package var url: String?
        /// The time of the newest stored trade of a market and its number, nil when there is none: what came later is
        /// asked for at the start.
        package var lastKnownTrade: @Sendable (MarketCode) async throws -> (Timestamp, Int64)?
        package var clock: CollectorClock
        /// A number from 0 to 1.
        package var random: @Sendable () -> Double
        package var connect: @Sendable (_ url: String) async throws -> any StreamConnection

        package init(
            dialect: any MarketStreamDialect, rest: MarketREST, bus: any EventBus,
            deadLetters: any DeadLetterSink = NoDeadLetters(), url: String? = nil,
            webSocket: WebSocketSettings = WebSocketSettings(),
            lastKnownTrade: @escaping @Sendable (MarketCode) async throws -> (Timestamp, Int64)? = { _ in nil },
            clock: CollectorClock = CollectorClock(),
            random: @escaping @Sendable () -> Double = { .random(in: 0...1) },
            connect: (@Sendable (_ url: String) async throws -> any StreamConnection)? = nil
        ) {
            self.dialect = dialect
            self.rest = rest
            self.bus = bus
            self.deadLetters = deadLetters
            self.url = url
            self.lastKnownTrade = lastKnownTrade
            self.clock = clock
            self.random = random
            self.connect = connect ?? { try await WebSocketConnection.connect(url: $0, settings: webSocket) }
        }
    }

    /// What runs beside the reading of the socket.
    private enum Work: Sendable {
        case session
        case fill(FillRequest)
        case lookUp([MarketCode])
    }

    let parts: Parts
    let settings: CollectorSettings
    let logger: Logger
    var machine: CollectorMachine
    /// Messages between socket and bus.
    var buffer = MessageLanes()
    var letters: [DeadLetter] = []
    /// Nothing is produced any more: what waits is handed on, then the loops end.
    var isDraining = false
    let messageBell = Bell()
    let letterBell = Bell()
    var signals: [StreamSignal] = []
    private var connection: (any StreamConnection)?
    private var timer: (at: Duration, task: Task<Void, Never>)?
    private let work: AsyncStream<Work>
    private let workSource: AsyncStream<Work>.Continuation
    private var isRunning = false

    /// How long a stopping collector waits for the bus to take what is left.
    private static let drainTime = Duration.seconds(5)

    package init(
        name: String, markets: [MarketCode], parts: Parts, settings: CollectorSettings = CollectorSettings(),
        logger: Logger
    ) {
        self.parts = parts
        self.settings = settings
        var logger = logger
        logger[metadataKey: "exchange.name"] = "\(parts.dialect.exchange)"
        logger[metadataKey: "collector.name"] = "\(name)"
        self.logger = logger
        machine = CollectorMachine(
            exchange: parts.dialect.exchange, name: name, markets: markets, keepAlive: parts.dialect.keepAlive,
            settings: settings, now: parts.clock.now())
        // The machine bounds what is in it: one session, `maximumFills` fills, one search for each change of markets.
        (work, workSource) = AsyncStream.makeStream(of: Work.self)
    }

    /// State and figures of this moment.
    package func status() -> CollectorStatus {
        machine.status(at: parts.clock.now())
    }

    /// Collects exactly these markets from now on; an open connection is kept.
    package func setMarkets(_ markets: [MarketCode]) {
        handle(.markets(markets))
    }

    /// Collects until graceful shutdown or cancellation; a second call returns at once.
    package func run() async {
        guard !isRunning else { return }
        isRunning = true
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await collect()
            } onGracefulShutdown: {
                // A handler cannot wait for an actor. Nobody awaits this task; it ends after one step.
                Task { await self.stop() }
            }
        } onCancel: {
            // As above.
            Task { await self.stop() }
        }
    }

    private func stop() {
        handle(.stop)
    }

    private func collect() async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.publishMessages()
                return true
            }
            group.addTask {
                await self.publishLetters()
                return true
            }
            await withDiscardingTaskGroup { workers in
                handle(.start)
                for await item in work { workers.addTask { await self.perform(item) } }
                workers.cancelAll()
            }
            timer?.task.cancel()
            isDraining = true
            messageBell.ring()
            letterBell.ring()
            group.addTask {
                try? await Task.sleep(for: Self.drainTime)
                return false
            }
            // Both loops, or the time that they get.
            var left = 2
            while left > 0, await group.next() == true { left -= 1 }
            if left > 0 {
                logger.warning(
                    "stopped before all messages were handed on", metadata: ["messages": "\(buffer.count)"])
            }
            group.cancelAll()
        }
    }

    // MARK: - Performing

    func handle(_ event: CollectorMachine.Event) {
        let before = machine.status.state
        let now = parts.clock.now()
        for action in machine.handle(event, at: now) { perform(action) }
        if machine.status.state != before {
            logger.info(
                "collector changed its state",
                metadata: ["state": "\(machine.status.state.rawValue)", "reason": "\(machine.status.reason)"])
        }
        setTimer()
    }

    private func perform(_ action: CollectorMachine.Action) {
        switch action {
        case .connect: workSource.yield(.session)
        case .disconnect: connection?.end()
        case .subscribe(let markets):
            let ticket = "cryptoflow-\(UInt64.random(in: .min ... .max))"
            let request = StreamRequest(
                markets: markets, kinds: settings.kinds, bookLevels: settings.bookLevels, ticket: ticket)
            for text in parts.dialect.subscription(request) { connection?.send(text) }
            logger.info("subscribed", metadata: ["markets": "\(markets.count)"])
        case .ping:
            switch parts.dialect.keepAlive.form {
            case .ping: connection?.sendPing()
            case .text(let text): connection?.send(text)
            }
        case .lookUp(let markets): workSource.yield(.lookUp(markets))
        case .fill(let request): workSource.yield(.fill(request))
        case .report(let text): logger.info("collector", metadata: ["report": "\(text)"])
        case .end: workSource.finish()
        }
    }

    /// Sees that a tick comes when time alone changes something; one that comes too early does no harm.
    private func setTimer() {
        guard let deadline = machine.nextDeadline else { return }
        if let timer, timer.at <= deadline { return }
        timer?.task.cancel()
        // Nobody awaits this task; it ends with its one tick, or when a nearer deadline or the end replaces it.
        let task = Task { [clock = parts.clock] in
            guard (try? await clock.sleep(until: deadline)) != nil, !Task.isCancelled else { return }
            self.timerFired(at: deadline)
        }
        timer = (deadline, task)
    }

    private func timerFired(at deadline: Duration) {
        guard timer?.at == deadline else { return }
        timer = nil
        handle(.tick)
    }

    private func perform(_ item: Work) async {
        switch item {
        case .session: await session()
        case .fill(let request): await fill(request)
        case .lookUp(let markets): await lookUp(markets)
        }
    }

    /// One connection from its beginning to its end.
    private func session() async {
        let opened: any StreamConnection
        do {
            opened = try await parts.connect(parts.url ?? parts.dialect.defaultStreamURL)
        } catch {
            handle(.disconnected(reason: "\(error)", random: parts.random()))
            return
        }
        connection = opened
        handle(.connected)
        // It may not be wanted any more.
        if machine.openSince == nil { opened.end() }
        var reason = "closed on request"
        do {
            while case let batches = try await opened.receive(), !batches.isEmpty {
                for batch in batches { take(batch) }
            }
        } catch {
            reason = "\(error)"
        }
        connection = nil
        opened.end()
        handle(.disconnected(reason: reason, random: parts.random()))
    }

    /// Asks for the last stored trades until the store answers.
    private func lookUp(_ markets: [MarketCode]) async {
        for market in markets {
            var wait = Duration.seconds(1)
            while !Task.isCancelled {
                do {
                    let known = try await parts.lastKnownTrade(market)
                    handle(.known(market, known?.0))
                    break
                } catch {
                    logger.warning(
                        "the last stored trade cannot be looked up",
                        metadata: ["market": "\(market)", "error": "\(error)"])
                    try? await parts.clock.sleep(until: parts.clock.now().monotonic + wait)
                    wait = min(wait * 2, .seconds(60))
                }
            }
        }
    }
}
