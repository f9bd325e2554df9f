import CivilTime
import Collecting
import Logging
import NIOCore
import Synchronization
import WebSocketServer

/// Between the real-time path and everyone who listens: one subscription, frames written once for each topic, and a
/// place in them for each listener.
///
/// A frame is made as soon as something waits, but at most one every few milliseconds; what comes in between is merged
/// into the next. Nothing grows with a slow listener: it loses its place, and begins with a snapshot again.
final class LiveHub: Sendable {
    private struct State {
        var audience = LiveAudience()
        var pending = PendingUpdates()
        var shedTrades = 0
        var isClosed = false
    }

    /// How listening goes, for metrics.
    struct Figures: Sendable {
        var eventStreams = 0
        var sockets = 0
        /// Of both, those who have not had everything yet.
        var behind = 0
        /// Frames that were taken, counted for each listener.
        var sentFrames = 0
        /// Frames that slow listeners did not get.
        var shedFrames = 0
        /// Listeners that were cut off because they took nothing for too long.
        var givenUp = 0
        /// Trades that were merged away between two frames.
        var shedTrades = 0
    }

    let markets: any LiveMarkets
    let configuration: LiveConfiguration
    private let now: @Sendable () -> Timestamp
    private let board: @Sendable ([CollectorStatus], StreamFigures) -> String
    private let logger: Logger
    private let state = Mutex(State())
    private let arrivals = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let demand = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameter board: the content of the collectors' page.
    init(
        markets: any LiveMarkets, configuration: LiveConfiguration, now: @escaping @Sendable () -> Timestamp,
        logger: Logger, board: @escaping @Sendable ([CollectorStatus], StreamFigures) -> String
    ) {
        self.markets = markets
        self.configuration = configuration
        self.now = now
        self.logger = logger
        self.board = board
    }

    // MARK: - Listeners

    /// Takes a listener in; nil when there are too many already, or the hub has ended.
    ///
    /// - Parameter giveUp: closes the listener's connection; called once at most, when it takes nothing for too long.
    func join(_ topic: LiveTopic, giveUp: @escaping @Sendable () -> Void) -> LiveListener? {
        let (bell, ring) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            let ofKind = topic.form == .messages ? state.audience.sockets : state.audience.eventStreams
            guard !state.isClosed, ofKind < configuration.mostListeners else { return nil }
            return state.audience.join(topic, bell: ring, giveUp: giveUp)
        }
        guard let number else { return nil }
        demand.continuation.yield()
        return LiveListener(number: number, bell: bell)
    }

    /// Lets a listener hear another topic from now on.
    func move(_ listener: LiveListener, to topic: LiveTopic) {
        state.withLock { $0.audience.move(listener.number, to: topic) }
        demand.continuation.yield()
    }

    /// Lets a listener look again.
    func ring(_ listener: LiveListener) { state.withLock { $0.audience.bell(of: listener.number) }?.yield() }

    func leave(_ listener: LiveListener) { state.withLock { $0.audience.leave(listener.number) }?.finish() }

    /// What a listener has not had yet.
    func take(_ listener: LiveListener) -> LiveDelivery { state.withLock { $0.audience.take(listener.number) } }

    var figures: Figures {
        state.withLock { state in
            Figures(
                eventStreams: state.audience.eventStreams, sockets: state.audience.sockets,
                behind: state.audience.behind,
                sentFrames: state.audience.sentFrames, shedFrames: state.audience.shedFrames,
                givenUp: state.audience.givenUp, shedTrades: state.shedTrades)
        }
    }

    // MARK: - The work

    /// Runs until it is cancelled or ``close()``.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.hear() }
            group.addTask { await self.makeFrames() }
            group.addTask { await self.everySecond() }
            // The first to end is ended by close() or cancellation; the others have no more to do then.
            await group.next()
            group.cancelAll()
        }
        close()
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Ends every listener; nobody is taken in any more.
    func close() {
        let bells = state.withLock { state in
            state.isClosed = true
            return state.audience.removeAll()
        }
        for bell in bells { bell.finish() }
        arrivals.continuation.finish()
        demand.continuation.finish()
    }

    private var isWantedAtAll: Bool {
        state.withLock { !$0.isClosed && $0.audience.isWanted }
    }

    /// Listens to the path while anybody listens here.
    private func hear() async {
        for await _ in demand.stream {
            while isWantedAtAll, !Task.isCancelled {
                do {
                    let updates = try await markets.updates { [weak self] id, kind in self?.wants(id, kind) ?? false }
                    // What happened between a listener's snapshot and now is in the next snapshot.
                    resyncAll()
                    try await follow(updates)
                } catch {
                    if Task.isCancelled { return }
                    logger.warning("live updates broke off", metadata: ["error.message": "\(error)"])
                }
                guard isWantedAtAll else { break }
                try? await Task.sleep(for: configuration.pause)
            }
        }
    }

    private func follow(_ updates: some AsyncSequence<[LiveUpdate], any Error>) async throws {
        for try await batch in updates {
            let isWanted = receive(batch)
            if !isWanted { return }
        }
    }

    private func wants(_ id: LiveMarketID, _ kind: LiveKind) -> Bool {
        state.withLock { $0.audience.wants(id, kind) }
    }

    /// Merges a batch into what waits; false when nobody listens any more.
    private func receive(_ batch: [LiveUpdate]) -> Bool {
        let isWanted = state.withLock { state in
            for update in batch { state.pending.add(update) }
            return state.audience.isWanted
        }
        arrivals.continuation.yield()
        return isWanted
    }

    private func makeFrames() async {
        for await _ in arrivals.stream {
            flush()
            // Cancelled only at the end.
            try? await Task.sleep(for: configuration.frameInterval)
        }
    }

    private func flush() {
        let pending = state.withLock { state in
            defer { state.pending = PendingUpdates() }
            state.shedTrades += state.pending.shed
            return state.pending
        }
        guard !pending.isEmpty else { return }
        let written = WrittenUpdates(pending.markets)
        let topics = state.withLock { $0.audience.topics }
        send(topics.compactMap { topic in written.frame(for: topic).map { (topic, $0) } })
    }

    private func send(_ frames: [(LiveTopic, LiveFrame)]) {
        let bells = state.withLock { state in
            frames.flatMap { topic, frame in state.audience.add(frame, to: topic) }
        }
        for bell in bells { bell.yield() }
    }

    private func resyncAll() {
        for bell in state.withLock({ $0.audience.resyncAll() }) { bell.yield() }
    }

    // MARK: - Every second

    private func everySecond() async {
        while !Task.isCancelled, !state.withLock({ $0.isClosed }) {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            giveUpOnTheStuck()
            await tellStatus()
        }
    }

    private func giveUpOnTheStuck() {
        for (bell, giveUp) in state.withLock({ $0.audience.stuck(longerThan: configuration.stuckSeconds) }) {
            bell.finish()
            giveUp()
        }
    }

    /// Sends the collectors' page, a changed status, and a sign of life.
    private func tellStatus() async {
        let (topics, seconds) = state.withLock { ($0.audience.topics, $0.audience.seconds) }
        guard topics.contains(where: { $0.form != .messages }) else { return }
        let collectors = try? await within(configuration.patience) { try await self.markets.collectors() }
        var frames: [(LiveTopic, LiveFrame)] = []
        if topics.contains(.board), let collectors {
            let figures = (try? await within(configuration.patience) { try await self.markets.figures() })
            let html = board(collectors, figures ?? StreamFigures())
            frames.append((.board, .event("board", data: LiveJSON.quoted(html))))
        }
        let words = TimeWords(now: now())
        for topic in topics where topic.form == .events {
            let status = LiveStatus(collectors, of: topic.names, words).json
            if state.withLock({ $0.audience.isNews(status, for: topic) }) {
                frames.append((topic, .event("status", data: status)))
            }
        }
        if seconds % configuration.heartbeatSeconds == 0 {
            // The comment is for what is between; the event lets a page notice a dead connection.
            let beat = LiveFrame(
                event: ByteBuffer(string: ": still here\nevent: beat\ndata: {}\n\n"), messages: WebSocketFrames())
            for topic in topics where topic.form != .messages { frames.append((topic, beat)) }
        }
        send(frames)
    }
}
