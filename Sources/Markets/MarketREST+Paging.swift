package import CivilTime

extension MarketREST {
    /// Every candle that opens within an interval, oldest first; slots without a trade have none.
    ///
    /// Asks page by page backwards from the interval's end and stops at its start or at the beginning of the market's
    /// history. `onReply` sees each reply before it is judged, refusals and garbage included, so that it can be kept.
    ///
    /// Throws when any page fails or has a senseless row: the result is whole or not there.
    package func candles(
        market: MarketCode, unit: CandleUnit, in interval: DataInterval, _ options: Options = Options(),
        onReply: (MarketReply<Candle>) async throws -> Void = { _ in }
    ) async throws -> [Candle] {
        var newestFirst: [Candle] = []
        var to = interval.end
        while to > interval.start {
            // Never more than the slots left: a run of one hour asks for one candle.
            let length = unit.seconds * 1_000_000
            let slots = (to.microseconds - interval.start.microseconds + length - 1) / length
            let count = Int(min(slots, Int64(dialect.candlesPerPage)))
            let reply = try await candles(market: market, unit: unit, to: to, count: count, options)
            try await onReply(reply)
            let page = try reply.values()
            guard let oldest = page.last else { break }
            newestFirst += page.filter { interval.contains($0.openTime) }
            // The rows are checked to be newest first and before `to`, so this always comes closer to the start.
            to = oldest.openTime
        }
        return newestFirst.reversed()
    }

    /// Walks back through a market's trades, page by page, until one is older than `instant` or the exchange has no
    /// more; `onPage` sees every page, newest first, refusals and senseless rows included.
    ///
    /// Trades may come twice at the seams and arrive while it walks. Throws when a page cannot be had; what `onPage`
    /// has seen by then stays good.
    ///
    /// - Parameter count: how many to ask for in the first page; those that follow are whole pages.
    package func walkTrades(
        market: MarketCode, backTo instant: Timestamp, count: Int? = nil, _ options: Options = Options(),
        onPage: (MarketReply<Trade>) async throws -> Void
    ) async throws {
        var page = TradePage.newest
        var wanted = count ?? dialect.tradesPerPage
        // Which day the exchange has is told by its trades: around midnight its clock and ours may be of different ones,
        // and a recorded exchange's may be far ahead.
        var newestSeen: Timestamp?
        while true {
            let reply = try await trades(market: market, count: wanted, page: page, options)
            try await onPage(reply)
            let rows = try reply.outcome.get().accepted
            if newestSeen == nil, let newest = rows.first?.value.tradedAt {
                newestSeen = newest + .seconds(86_400) * page.daysAgo
            }
            // Ours may have passed midnight since the walk began.
            let present = max(newestSeen ?? .now(), .now())
            guard
                let next = dialect.page(after: page, oldest: rows.last?.value, backTo: instant, now: present)
            else { return }
            page = next
            wanted = dialect.tradesPerPage
        }
    }
}
