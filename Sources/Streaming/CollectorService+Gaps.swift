package import CivilTime
package import Markets

/// What a collector knows of the trades that it may still lack.
package struct GapReport: Sendable, Hashable {
    /// Markets whose past trades are being asked for, or will be, and from when on they may lack.
    package var open: [MarketCode: Timestamp] = [:]
    /// Markets that lack nothing after the trade that was stored when collecting began.
    package var closed: Set<MarketCode> = []

    package init() {}
}

extension CollectorService {
    /// Which markets may lack trades, and which do not.
    ///
    /// Markets of which the last stored trade is not known yet are in neither set.
    package func gapReport() -> GapReport { machine.gapReport }
}

extension CollectorMachine {
    var gapReport: GapReport {
        var report = GapReport()
        for (market, known) in coverage {
            let asked = known.running.flatMap { $0.purpose == .gap ? $0.from : nil }
            if let since = [known.missingSince, asked].compactMap({ $0 }).min() {
                // What is asked again before the stored end, for safety, is asked again by the next worker too; noting it
                // would make the hole grow with every restart.
                report.open[market] = max(since, known.storedUntil ?? since)
            } else if known.isLookedUp {
                report.closed.insert(market)
            }
        }
        return report
    }
}
