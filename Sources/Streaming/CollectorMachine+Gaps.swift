package import CivilTime
import Collecting
package import Markets

/// Which trades may be missing, and when to ask for them.
///
/// Upbit numbers trades uniquely but neither without holes nor in order, so a lost message shows only by comparing with
/// its list of trades: after every connection, and for each market about once a minute.
extension CollectorMachine {
    /// Takes a trade's number; false for one that has passed already.
    ///
    /// A market that is not collected any more, or not yet, is not remembered.
    package mutating func admit(_ trade: Trade) -> Bool {
        guard let index = coverage.index(forKey: trade.market) else { return true }
        let isNew = coverage.values[index].ledger.take(
            id: trade.sequentialID, tradedAt: trade.tradedAt, most: settings.rememberedTrades,
            span: settings.rememberedTime)
        if isNew { coverage.values[index].tradesSinceCheck += 1 }
        return isNew
    }

    /// Takes back a trade that was admitted and shed, so that it is asked for later.
    package mutating func forget(_ trade: Trade) {
        coverage[trade.market]?.ledger.forget(id: trade.sequentialID)
        coverage[trade.market]?.miss(since: trade.tradedAt)
        gaps.nextLook = .zero
    }

    /// What a page of the exchange's list of trades brings: those that never came, oldest first.
    ///
    /// `page` is newest first.
    package mutating func missing(
        in page: [Trade], for request: FillRequest, now: Timestamp
    ) -> (trades: [Trade], counted: Int) {
        // Only the times: a copy of the whole would make the ledger be copied at its first change.
        guard
            let (remembered, last, stored) = coverage[request.market].map({
                ($0.ledger.remembersSince, $0.ledger.newest, $0.storedUntil)
            })
        else { return ([], 0) }
        let newest = max(page.first?.tradedAt ?? request.from, last ?? request.from)
        var missing: [Trade] = []
        var counted = 0
        for trade in page.reversed() where trade.tradedAt >= request.from - settings.overlap {
            // The youngest may still be on their way over the stream.
            let isExpected = trade.tradedAt > newest - settings.checkGrace && trade.tradedAt > now - .seconds(30)
            if request.purpose == .check, isExpected { continue }
            guard admit(trade) else { continue }
            missing.append(trade)
            // What is asked again for safety was not missing.
            let wasWatched = remembered.map { trade.tradedAt >= $0 } ?? false
            let known = max(request.from, stored ?? request.from)
            if wasWatched || trade.tradedAt > known { counted += 1 }
        }
        return (missing, counted)
    }

    // MARK: - Markets

    mutating func add(_ markets: [MarketCode], _ now: Moment, _ actions: inout [Action]) {
        guard !markets.isEmpty else { return }
        for market in markets { coverage[market] = MarketCoverage() }
        actions.append(.lookUp(markets))
    }

    mutating func remove(_ market: MarketCode) {
        guard let running = coverage.removeValue(forKey: market)?.running else { return }
        gaps.end(running)
    }

    /// The stored trades end there, or a little after holes that a crash left.
    mutating func known(_ market: MarketCode, _ time: Timestamp?, _ now: Moment) {
        coverage[market]?.isLookedUp = true
        guard let time else { return }
        coverage[market]?.storedUntil = time
        coverage[market]?.miss(since: time - settings.startOverlap)
        gaps.nextLook = .zero
    }

    /// The markets are listened to from now on.
    mutating func subscribed(_ now: Moment) {
        let interval = checkInterval
        for (number, market) in markets.enumerated() {
            guard coverage[market] != nil else { continue }
            if coverage[market]?.listeningSince == nil { coverage[market]?.listeningSince = now.wall }
            guard coverage[market]?.nextCheck == nil else { continue }
            // Spread evenly from the beginning.
            let share = Double(number + 1) / Double(markets.count)
            coverage[market]?.nextCheck = now.monotonic + interval * share
        }
        gaps.nextLook = .zero
    }

    private var checkInterval: Duration {
        max(settings.checkInterval, settings.checkSpacing * markets.count)
    }

    // MARK: - Fills

    mutating func scheduleFills(_ now: Moment, _ actions: inout [Action]) {
        guard gaps.nextLook <= now.monotonic else { return }
        let idle = markets.filter { coverage[$0] != nil && coverage[$0]?.running == nil }
        // Gaps before comparisons, the oldest gap first.
        let due = idle.compactMap { market -> (MarketCode, Timestamp)? in
            guard let known = coverage[market], let since = known.missingSince, known.retryAt <= now.monotonic
            else { return nil }
            return (market, since)
        }.sorted { $0.1 < $1.1 }
        for (market, since) in due where gaps.running < settings.maximumFills {
            coverage[market]?.missingSince = nil
            let oldest = now.wall - settings.longestFill
            if since < oldest {
                actions.append(
                    .report("\(market): trades before \(oldest.iso8601) are lost, the exchange gives no older ones"))
            }
            start(FillRequest(market: market, purpose: .gap, from: max(since, oldest), count: 500), &actions)
        }
        // The longest overdue first: when comparisons cannot keep up, all markets' come later, not only some.
        let checks = idle.compactMap { market -> (MarketCode, Duration)? in
            guard let known = coverage[market], known.running == nil, let check = known.nextCheck else { return nil }
            return (market, check)
        }.sorted { $0.1 < $1.1 }
        var nextCheck = Duration.seconds(Int64.max / 4)
        for (market, check) in checks {
            // Those that wait for one to end are looked for when it does.
            guard gaps.running < settings.maximumFills, gaps.checking < settings.maximumChecks else { break }
            guard check <= now.monotonic, gaps.nextCheckSlot <= now.monotonic, let known = coverage[market] else {
                nextCheck = max(check, gaps.nextCheckSlot)
                break
            }
            gaps.nextCheckSlot = now.monotonic + settings.checkSpacing
            startCheck(market, known, now, &actions)
        }
        let retry = markets.compactMap { market -> Duration? in
            guard let known = coverage[market], known.missingSince != nil, known.running == nil else { return nil }
            return max(known.retryAt, now.monotonic + .milliseconds(50))
        }.min()
        // As above.
        let isFull = gaps.running >= settings.maximumFills
        gaps.nextLook = isFull ? .seconds(Int64.max / 4) : min(nextCheck, retry ?? nextCheck)
    }

    private mutating func startCheck(
        _ market: MarketCode, _ known: MarketCoverage, _ now: Moment, _ actions: inout [Action]
    ) {
        let next = now.monotonic + checkInterval
        coverage[market]?.nextCheck = next
        guard let from = known.uncheckedSince else { return }
        coverage[market]?.tradesSinceCheck = 0
        let count = min(20 + known.tradesSinceCheck + known.tradesSinceCheck / 4, 500)
        start(FillRequest(market: market, purpose: .check, from: from, count: count), &actions)
    }

    private mutating func start(_ request: FillRequest, _ actions: inout [Action]) {
        coverage[request.market]?.running = request
        gaps.begin(request)
        actions.append(.fill(request))
    }

    mutating func filled(
        _ request: FillRequest, _ outcome: FillOutcome, _ now: Moment, _ actions: inout [Action]
    ) {
        guard var known = coverage[request.market], known.running == request else { return }
        known.running = nil
        gaps.end(request)
        status.filledTrades += outcome.found
        if outcome.found > 0 {
            status.gaps += 1
            let what = request.purpose == .gap ? "filled a gap" : "found trades that the stream did not bring"
            actions.append(.report("\(request.market): \(what), \(outcome.found) trades"))
        }
        if let problem = outcome.problem {
            known.failures += 1
            if request.purpose == .gap { known.miss(since: request.from) }
            let wait = min(settings.firstFillRetry * (1 << min(known.failures - 1, 16)), settings.longestFillRetry)
            known.retryAt = now.monotonic + wait
            actions.append(.report("\(request.market): past trades cannot be had: \(problem)"))
        } else {
            known.failures = 0
            known.retryAt = .zero
            // What came before a gap was not looked at while it was filled: that is left to the next comparison.
            let isWhole = known.uncheckedSince.map { request.from - settings.overlap <= $0 } ?? true
            // The newest of them may not be all of their moment.
            if let newest = outcome.newest, isWhole {
                let until = newest - settings.checkGrace
                known.checkedUntil = max(known.checkedUntil ?? until, until)
            }
        }
        coverage[request.market] = known
    }
}
