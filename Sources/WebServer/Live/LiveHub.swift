import CivilTime
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
    private struct Group {
        var ring = FrameRing()
        var listeners: Set<Int> = []
        var status = ""
    }

    private struct Member {
        var topic: LiveTopic
        var next: Int
        var needsResync = false
        /// Since when something waits for it, in seconds of the hub's own count.
        var waitsSince: Int
        let ring: AsyncStream<Void>.Continuation
        let giveUp: @Sendable () -> Void
    }

    private struct State {
        var groups: [LiveTopic: Group] = [:]
        var members: [Int: Member] = [:]
        var lastNumber = 0
        var seconds = 0
        var pending = PendingUpdates()
        var sentFrames = 0
        var shedFrames = 0
        var givenUp = 0
        var shedTrades = 0
        var isClosed = false
    }

    /// How listening goes, for metrics.
    struct Figures: Sendable {
        var eventStreams = 0
        var sockets = 0
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
    private let board: @Sendable ([CollectorReport], StreamFigures) -> String
    private let logger: Logger
    private let state = Mutex(State())
    private let arrivals = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let demand = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameter board: the content of the collectors' page.
    init(
        markets: any LiveMarkets, configuration: LiveConfiguration, now: @escaping @Sendable () -> Timestamp,
        logger: Logger, board: @escaping @Sendable ([CollectorReport], StreamFigures) -> String
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
            guard !state.isClosed else { return nil }
            let ofKind = state.members.values.count { ($0.topic.form == .messages) == (topic.form == .messages) }
            guard ofKind < configuration.mostListeners else { return nil }
            state.lastNumber += 1
            let number = state.lastNumber
            state.groups[topic, default: Group()].listeners.insert(number)
            state.members[number] = Member(
                topic: topic, next: state.groups[topic]?.ring.next ?? 0, waitsSince: state.seconds, ring: ring,
                giveUp: giveUp)
            return number
        }
        guard let number else { return nil }
        demand.continuation.yield()
        return LiveListener(number: number, bell: bell)
    }

    /// Lets a listener hear another topic from now on.
    func move(_ listener: LiveListener, to topic: LiveTopic) {
        state.withLock { state in
            guard var member = state.members[listener.number] else { return }
            Self.remove(listener.number, from: member.topic, in: &state)
            state.groups[topic, default: Group()].listeners.insert(listener.number)
            member.topic = topic
            member.next = state.groups[topic]?.ring.next ?? 0
            state.members[listener.number] = member
        }
    }

    /// Lets a listener look again.
    func ring(_ listener: LiveListener) { state.withLock { $0.members[listener.number]?.ring }?.yield() }

    func leave(_ listener: LiveListener) {
        let member = state.withLock { state in
            let member = state.members.removeValue(forKey: listener.number)
            if let member { Self.remove(listener.number, from: member.topic, in: &state) }
            return member
        }
        member?.ring.finish()
    }

    /// What a listener has not had yet.
    func take(_ listener: LiveListener) -> LiveDelivery {
        state.withLock { state in
            guard var member = state.members[listener.number], let ring = state.groups[member.topic]?.ring else {
                return .over
            }
            defer { state.members[listener.number] = member }
            let from = member.next
            member.next = ring.next
            if member.needsResync {
                member.needsResync = false
                return .resync(missed: 0)
            }
            guard let frames = ring.frames(from: from) else {
                state.shedFrames += ring.first - from
                return .resync(missed: ring.first - from)
            }
            state.sentFrames += frames.count
            return frames.isEmpty ? .nothing : .frames(Array(frames))
        }
    }

    private static func remove(_ number: Int, from topic: LiveTopic, in state: inout State) {
        state.groups[topic]?.listeners.remove(number)
        if state.groups[topic]?.listeners.isEmpty ?? true { state.groups[topic] = nil }
    }

    var figures: Figures {
        state.withLock { state in
            let sockets = state.members.values.count { $0.topic.form == .messages }
            return Figures(
                eventStreams: state.members.count - sockets, sockets: sockets, sentFrames: state.sentFrames,
                shedFrames: state.shedFrames,
                givenUp: state.givenUp, shedTrades: state.shedTrades)
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
        let members = state.withLock { state in
            state.isClosed = true
            defer {
                state.members = [:]
                state.groups = [:]
            }
            return state.members
        }
        for member in members.values { member.ring.finish() }
        arrivals.continuation.finish()
        demand.continuation.finish()
    }

    private var isWantedAtAll: Bool {
        state.withLock { !$0.isClosed && $0.groups.keys.contains { $0.form != .board } }
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
        state.withLock { state in state.groups.keys.contains { $0.kinds(of: id).contains(kind) } }
    }

    /// Merges a batch into what waits; false when nobody listens any more.
    private func receive(_ batch: [LiveUpdate]) -> Bool {
        let isWanted = state.withLock { state in
            for update in batch { state.pending.add(update) }
            return state.groups.keys.contains { $0.form != .board }
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
        let topics = state.withLock { state in Array(state.groups.keys) }
        let frames = topics.compactMap { topic in written.frame(for: topic).map { (topic, $0) } }
        let bells = state.withLock { state in
            frames.flatMap { topic, frame in Self.add(frame, to: topic, in: &state) }
        }
        for bell in bells { bell.yield() }
    }

    /// Puts a frame into a topic's ring; returns whom to wake.
    private static func add(
        _ frame: LiveFrame, to topic: LiveTopic, in state: inout State
    ) -> [AsyncStream<Void>.Continuation] {
        guard let group = state.groups[topic] else { return [] }
        let number = group.ring.next
        state.groups[topic]?.ring.append(frame)
        for listener in group.listeners where state.members[listener]?.next == number {
            state.members[listener]?.waitsSince = state.seconds
        }
        return group.listeners.compactMap { state.members[$0]?.ring }
    }

    private func resyncAll() {
        let bells = state.withLock { state in
            for (number, member) in state.members where member.topic.form != .board {
                state.members[number]?.needsResync = true
            }
            return state.members.values.map(\.ring)
        }
        for bell in bells { bell.yield() }
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
        let stuck = state.withLock { state in
            state.seconds += 1
            let stuck = state.members.filter { _, member in
                state.seconds - member.waitsSince > configuration.stuckSeconds
                    && member.next < (state.groups[member.topic]?.ring.next ?? 0)
            }
            for (number, member) in stuck {
                state.members[number] = nil
                Self.remove(number, from: member.topic, in: &state)
            }
            state.givenUp += stuck.count
            return stuck.values.map { ($0.ring, $0.giveUp) }
        }
        for (ring, giveUp) in stuck {
            ring.finish()
            giveUp()
        }
    }

    /// Sends the collectors' page, a changed status, and a sign of life.
    private func tellStatus() async {
        let (topics, seconds) = state.withLock { (Array($0.groups.keys), $0.seconds) }
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
            let isNews = state.withLock { state in
                defer { state.groups[topic]?.status = status }
                return state.groups[topic].map { $0.status != status } ?? false
            }
            if isNews { frames.append((topic, .event("status", data: status))) }
        }
        if seconds % configuration.heartbeatSeconds == 0 {
            // The comment is for what is between; the event lets a page notice a dead connection.
            let beat = LiveFrame(
                event: ByteBuffer(string: ": still here\nevent: beat\ndata: {}\n\n"), messages: WebSocketFrames())
            for topic in topics where topic.form != .messages { frames.append((topic, beat)) }
        }
        let bells = state.withLock { state in
            frames.flatMap { topic, frame in Self.add(frame, to: topic, in: &state) }
        }
        for bell in bells { bell.yield() }
    }
}

/// Bounds of live updates.
struct LiveConfiguration: Sendable {
    /// Event streams, and as many sockets.
    var mostListeners = 256
    /// The least time between two frames.
    var frameInterval: Duration = .milliseconds(3)
    /// A listener that takes nothing for longer, with something there, is cut off.
    var stuckSeconds = 20
    var heartbeatSeconds = 10
    /// Before updates that broke off are asked for again.
    var pause: Duration = .seconds(1)
    /// For each question to the path.
    var patience: Duration = .seconds(5)
}
