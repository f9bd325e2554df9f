package import CivilTime
package import Collecting
package import Markets

/// Decides what a collector does next: when to connect, subscribe, ping and give a connection up, and which past trades
/// to ask for.
///
/// Pure: it has no clock, no randomness and no connection of its own. Events come in with their time, actions go out,
/// and ``nextDeadline`` says when a ``Event/tick`` is due at the latest. The states are those of ``CollectorState``.
package struct CollectorMachine: Sendable {
    /// A moment on both clocks: durations are measured by the monotonic one, people are told the wall clock's.
    package struct Moment: Sendable, Hashable {
        package var monotonic: Duration
        package var wall: Timestamp

        package init(monotonic: Duration, wall: Timestamp) {
            self.monotonic = monotonic
            self.wall = wall
        }
    }

    package enum Event: Sendable {
        case start
        /// The connection asked for is open.
        case connected
        /// The connection asked for could not be made, or has ended, also on this side's request; a random number from
        /// 0 to 1 spreads the next tries of many collectors.
        case disconnected(reason: String, random: Double)
        /// Messages came that could be used.
        case received(count: Int)
        /// The exchange refused what was asked, in a message of its own.
        case refused(name: String, message: String)
        /// Messages came that could not be read.
        case malformed(count: Int)
        /// The last stored trade of a market, as asked for; nil when there is none.
        case known(MarketCode, Timestamp?)
        /// A fill has ended.
        case filled(FillRequest, FillOutcome)
        /// From now on these markets.
        case markets([MarketCode])
        case tick
        case stop
    }

    package enum Action: Sendable, Hashable {
        case connect
        case disconnect
        /// Ask for exactly these markets.
        case subscribe([MarketCode])
        case ping
        /// Look the last stored trades up and tell them as ``Event/known(_:_:)``.
        case lookUp([MarketCode])
        /// Ask for past trades.
        case fill(FillRequest)
        /// Something worth a line in the log.
        case report(String)
        /// Nothing more is to be done.
        case end
    }

    /// Where the connection stands.
    enum Phase: Sendable, Hashable {
        case idle
        case waiting(until: Duration)
        case connecting
        case open(since: Duration)
        /// Given up here; its end has not been told yet.
        case closing
        case ended
    }

    let settings: CollectorSettings
    let keepAlive: StreamKeepAlive
    var phase = Phase.idle
    package internal(set) var status: CollectorStatus
    package private(set) var markets: [MarketCode] { didSet { status.markets = markets.map(\.description) } }
    var coverage: [MarketCode: MarketCoverage] = [:]
    var gaps = GapSchedule()

    private var meter = RateMeter()
    private var failures = 0
    private var refusal: String?
    private var nextPing: Duration?
    private var subscribedAt: Duration?
    private var isSubscriptionDue = false
    private var isStarted = false
    private var lastGood: Duration?
    /// In this connection.
    private var hasGoodMessage = false
    /// Since when it should have spoken: its beginning, its last subscription or its last good message.
    private var silentSince = Duration.zero
    private var stalledAt: Duration?
    /// The usual time between batches of good messages, in seconds.
    private var spacing = 0.0

    package init(
        exchange: Exchange, name: String, markets: [MarketCode], keepAlive: StreamKeepAlive,
        settings: CollectorSettings = CollectorSettings(), now: Moment
    ) {
        self.settings = settings
        self.keepAlive = keepAlive
        let markets = Self.unique(markets)
        self.markets = markets
        status = CollectorStatus(
            exchange: exchange.rawValue, name: name, markets: markets.map(\.description),
            reason: "not connected yet", since: now.wall)
    }

    // MARK: - Events

    package mutating func handle(_ event: Event, at now: Moment) -> [Action] {
        guard phase != .ended else { return [] }
        var actions: [Action] = []
        switch event {
        case .start: start(now, &actions)
        case .connected: connected(now, &actions)
        case .disconnected(let reason, let random): disconnected(reason, random, now, &actions)
        case .received(let count): received(count, now)
        case .refused(let name, let message):
            refusal = "the exchange refused the subscription: \(name), \(message)"
            giveUp(&actions)
        case .malformed(let count): status.malformed += count
        case .known(let market, let time): known(market, time, now)
        case .filled(let request, let outcome): filled(request, outcome, now, &actions)
        case .markets(let markets): change(Self.unique(markets), now, &actions)
        case .tick: break
        case .stop:
            let isOpen = phase != .idle && !isWaiting
            phase = .ended
            enter(.stopped, "ended on request", now)
            if isOpen { actions.append(.disconnect) }
            actions.append(.end)
            return actions
        }
        // Only what time brings about; the hot path ends here.
        if case .received = event, let deadline = nextDeadline, deadline > now.monotonic { return actions }
        advance(now, &actions)
        return actions
    }

    private var isWaiting: Bool { if case .waiting = phase { true } else { false } }
    var openSince: Duration? { if case .open(let since) = phase { since } else { nil } }

    private mutating func start(_ now: Moment, _ actions: inout [Action]) {
        guard !isStarted else { return }
        isStarted = true
        add(markets, now, &actions)
        connectWhenWanted(now, &actions)
    }

    private mutating func connectWhenWanted(_ now: Moment, _ actions: inout [Action]) {
        guard !markets.isEmpty else {
            phase = .idle
            enter(.starting, "there are no markets to collect", now)
            return
        }
        phase = .connecting
        actions.append(.connect)
    }

    private mutating func connected(_ now: Moment, _ actions: inout [Action]) {
        guard phase == .connecting else { return }
        phase = .open(since: now.monotonic)
        nextPing = now.monotonic + keepAlive.interval
        (hasGoodMessage, lastGood, stalledAt, refusal) = (false, nil, nil, nil)
        silentSince = now.monotonic
        isSubscriptionDue = true
        subscribedAt = nil
    }

    private mutating func disconnected(_ reason: String, _ random: Double, _ now: Moment, _ actions: inout [Action]) {
        switch phase {
        case .connecting, .open, .closing: break
        case .idle, .waiting, .ended: return
        }
        if let openSince, hasGoodMessage, now.monotonic - openSince >= settings.stableAfter { failures = 0 }
        let reason = refusal ?? (stalledAt != nil ? status.reason : reason)
        for market in markets { coverage[market]?.lostConnection() }
        status.reconnects += 1
        (nextPing, subscribedAt, stalledAt, refusal) = (nil, nil, nil, nil)
        isSubscriptionDue = false
        guard !markets.isEmpty else {
            phase = .idle
            enter(.starting, "there are no markets to collect", now)
            return
        }
        let wait = backoff(random)
        failures += 1
        phase = .waiting(until: now.monotonic + wait)
        let isFailing = failures >= settings.failingAfter
        enter(isFailing ? .failing : .reconnecting, reason, now)
        actions.append(.report("connection lost: \(reason)"))
    }

    /// A random time up to a bound that doubles: many collectors that lost the same server come back spread out.
    private func backoff(_ random: Double) -> Duration {
        let bound = min(settings.firstBackoff * (1 << min(failures, 20)), settings.longestBackoff)
        return max(bound * min(max(random, 0), 1), settings.shortestBackoff)
    }

    private mutating func received(_ count: Int, _ now: Moment) {
        guard count > 0 else { return }
        meter.add(count, at: now.monotonic)
        status.messages += count
        status.lastMessageAt = now.wall
        if let lastGood {
            let gap = Double((now.monotonic - lastGood) / .microseconds(1)) / 1e6
            spacing = spacing * 0.95 + gap * 0.05
        }
        lastGood = now.monotonic
        silentSince = now.monotonic
        hasGoodMessage = true
        stalledAt = nil
        if status.state != .running { enter(.running, "", now) }
    }

    private mutating func change(_ markets: [MarketCode], _ now: Moment, _ actions: inout [Action]) {
        guard markets != self.markets else { return }
        let kept = Set(markets)
        for market in self.markets where !kept.contains(market) { remove(market) }
        let known = Set(self.markets)
        self.markets = markets
        guard isStarted else { return }
        add(markets.filter { !known.contains($0) }, now, &actions)
        if markets.isEmpty {
            giveUp(&actions)
            if isWaiting { phase = .idle }
            enter(.starting, "there are no markets to collect", now)
        } else if phase == .idle {
            connectWhenWanted(now, &actions)
        } else {
            isSubscriptionDue = openSince != nil
        }
    }

    // MARK: - Time

    private mutating func advance(_ now: Moment, _ actions: inout [Action]) {
        if case .waiting(let until) = phase, until <= now.monotonic { connectWhenWanted(now, &actions) }
        guard let openSince else { return }
        if isSubscriptionDue, subscriptionTime(openSince) <= now.monotonic {
            isSubscriptionDue = false
            subscribedAt = now.monotonic
            silentSince = now.monotonic
            subscribed(now)
            actions.append(.subscribe(markets))
        }
        if let due = nextPing, due <= now.monotonic {
            nextPing = now.monotonic + keepAlive.interval
            actions.append(.ping)
        }
        if hasGoodMessage, failures > 0, now.monotonic - openSince >= settings.stableAfter { failures = 0 }
        watchSilence(now, &actions)
        if self.openSince != nil, let subscribedAt, subscribedAt + settings.fillDelay <= now.monotonic {
            scheduleFills(now, &actions)
        }
    }

    private func subscriptionTime(_ openSince: Duration) -> Duration {
        subscribedAt.map { $0 + settings.subscriptionSpacing } ?? openSince
    }

    private var longestSilence: Duration {
        let usual = min(settings.stallSpacings * spacing, Double(settings.longestSilence / .milliseconds(1)) / 1000)
        return max(settings.stallAfter, .milliseconds(Int64(usual * 1000)))
    }

    private mutating func watchSilence(_ now: Moment, _ actions: inout [Action]) {
        if let stalledAt {
            guard now.monotonic - stalledAt >= settings.stallGrace else { return }
            giveUp(&actions)
        } else if now.monotonic - silentSince >= longestSilence {
            stalledAt = now.monotonic
            let seconds = longestSilence.components.seconds
            enter(
                .stalled,
                hasGoodMessage
                    ? "connected, but nothing usable came for \(seconds) s"
                    : "connected, but nothing usable came within \(seconds) s; are the markets' names right?", now)
            // A live connection may have something to answer.
            actions.append(.ping)
        }
    }

    private mutating func giveUp(_ actions: inout [Action]) {
        switch phase {
        case .open, .connecting:
            phase = .closing
            actions.append(.disconnect)
        case .idle, .waiting, .closing, .ended: break
        }
    }

    /// When time alone changes something; a later tick delays it, an earlier one does no harm.
    package var nextDeadline: Duration? {
        switch phase {
        case .idle, .connecting, .closing, .ended: return nil
        case .waiting(let until): return until
        case .open(let openSince):
            let silence = stalledAt.map { $0 + settings.stallGrace } ?? (silentSince + longestSilence)
            var deadline = min(silence, nextPing ?? silence)
            if isSubscriptionDue { deadline = min(deadline, subscriptionTime(openSince)) }
            if let subscribedAt {
                deadline = min(deadline, max(subscribedAt + settings.fillDelay, gaps.nextLook))
            }
            return deadline
        }
    }

    // MARK: - Status

    private mutating func enter(_ state: CollectorState, _ reason: String, _ now: Moment) {
        status.reason = reason
        guard state != status.state else { return }
        status.state = state
        status.since = now.wall
    }

    /// The status with its figures of this moment.
    package mutating func status(at now: Moment) -> CollectorStatus {
        status.rate = meter.rate(at: now.monotonic)
        status.history = meter.last(60, at: now.monotonic)
        return status
    }

    private static func unique(_ markets: [MarketCode]) -> [MarketCode] {
        var seen: Set<MarketCode> = []
        return markets.filter { seen.insert($0).inserted }
    }
}
