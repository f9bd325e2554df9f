import CivilTime
import Collecting
import Markets
import Testing

@testable import Streaming

@Suite("A collector's gaps") struct CollectorGapTests {
    private let bitcoin = code("KRW-BTC")

    private func fills(_ actions: [CollectorMachine.Action]) -> [FillRequest] {
        actions.compactMap { action in if case .fill(let request) = action { request } else { nil } }
    }

    private func fills(_ done: [(at: Duration, action: CollectorMachine.Action)]) -> [FillRequest] {
        fills(done.map(\.action))
    }

    @Test("a trade passes once")
    func once() {
        var rig = CollectorRig()
        _ = rig.run()
        #expect(rig.admit(rig.trade("KRW-BTC", id: 7)) == true)
        #expect(rig.admit(rig.trade("KRW-BTC", id: 7)) == false)
        #expect(rig.admit(rig.trade("KRW-ETH", id: 7)) == true)
        #expect(rig.admit(rig.trade("KRW-BTC", id: 6)) == true)
        // Of a market that is not collected: not ours to judge.
        #expect(rig.admit(rig.trade("KRW-XRP", id: 7)) == true)
        #expect(rig.admit(rig.trade("KRW-XRP", id: 7)) == true)
    }

    @Test("a first start without stored trades fills nothing")
    func firstStart() {
        var rig = CollectorRig()
        _ = rig.run()
        _ = rig.send(.known(bitcoin, nil))
        let done = rig.pass(.seconds(10))
        #expect(fills(done).isEmpty)
    }

    @Test("a start fills from the last stored trade, and a little from before it")
    func stored() {
        var rig = CollectorRig()
        _ = rig.run()
        let stored = rig.now.wall - .seconds(7200)
        let done = rig.send(.known(bitcoin, stored))
        #expect(fills(done).isEmpty)
        let requests = fills(rig.pass(.seconds(1)))
        #expect(requests.map(\.market) == [bitcoin])
        #expect(requests.map(\.from) == [stored - .seconds(600)])
        // What was stored already is published again for safety, and not counted as missing.
        let page = [
            rig.trade("KRW-BTC", id: 3, ago: .seconds(7100)), rig.trade("KRW-BTC", id: 2, ago: .seconds(7201)),
            rig.trade("KRW-BTC", id: 1, ago: .seconds(7300)), rig.trade("KRW-BTC", id: 0, ago: .seconds(9000)),
        ]
        let missing = rig.missing(in: page, for: requests[0])
        #expect(missing.trades.map(\.sequentialID) == [1, 2, 3])
        #expect(missing.counted == 1)
    }

    @Test("a lost connection is filled from the last trade once it is back")
    func reconnect() {
        var rig = CollectorRig()
        _ = rig.run()
        let last = rig.trade("KRW-BTC", id: 1)
        _ = rig.admit(last)
        _ = rig.send(.received(count: 1))
        _ = rig.pass(.seconds(5))
        _ = rig.send(.disconnected(reason: "lost", random: 1))
        let done = rig.pass(.seconds(1))
        #expect(fills(done).isEmpty)
        _ = rig.send(.connected)
        // What comes over the new connection does not hide the gap.
        let fresh = rig.trade("KRW-BTC", id: 9)
        _ = rig.admit(fresh)
        _ = rig.send(.received(count: 1))
        let later = rig.pass(.milliseconds(999))
        #expect(fills(later).isEmpty)
        let requests = fills(rig.pass(.milliseconds(1)))
        // The other market had no trade: from when it was listened to, less what clocks may differ.
        #expect(
            Set(requests) == [
                FillRequest(market: bitcoin, purpose: .gap, from: last.tradedAt, count: 500),
                FillRequest(
                    market: code("KRW-ETH"), purpose: .gap, from: CollectorRig.start - .seconds(60), count: 500),
            ])
        let request = requests.first { $0.market == bitcoin } ?? requests[0]
        let page = [fresh, rig.trade("KRW-BTC", id: 5, ago: .seconds(3)), last]
        let missing = rig.missing(in: page, for: request)
        #expect(missing.trades.map(\.sequentialID) == [5])
        #expect(missing.counted == 1)
        _ = rig.send(.filled(request, FillOutcome(found: 1, newest: fresh.tradedAt)))
        #expect(rig.machine.status.gaps == 1)
        #expect(rig.machine.status.filledTrades == 1)
        let finally = rig.pass(.seconds(10))
        #expect(fills(finally).isEmpty)
    }

    @Test("a fill that fails is tried again with growing waits, from the same time")
    func retries() {
        var rig = CollectorRig(["KRW-BTC"]) { $0.checkInterval = .seconds(3600) }
        _ = rig.run()
        let stored = rig.now.wall - .seconds(100)
        _ = rig.send(.known(bitcoin, stored))
        var request = fills(rig.pass(.seconds(1)))[0]
        for seconds in [2, 4, 8] {
            let actions = rig.send(.filled(request, FillOutcome(problem: "busy")))
            #expect(actions.contains { if case .report(let text) = $0 { text.contains("busy") } else { false } })
            _ = rig.send(.received(count: 1))
            let done = rig.pass(.seconds(seconds) - .milliseconds(1))
            #expect(fills(done).isEmpty)
            let again = fills(rig.pass(.milliseconds(1)))
            #expect(again == [request])
            guard let next = again.first else { return }
            request = next
        }
        _ = rig.send(.filled(request, FillOutcome(newest: rig.now.wall)))
        _ = rig.send(.received(count: 1))
        let later = rig.pass(.seconds(20))
        #expect(fills(later).isEmpty)
    }

    @Test("a connection lost during a fill is a gap of its own, and a failed fill keeps the older one")
    func lostDuringFill() {
        for isFailed in [false, true] {
            var rig = CollectorRig(["KRW-BTC"])
            _ = rig.run()
            _ = rig.send(.known(bitcoin, rig.now.wall - .seconds(5000)))
            let first = fills(rig.pass(.seconds(1)))[0]
            let last = rig.trade("KRW-BTC", id: 1)
            _ = rig.admit(last)
            _ = rig.send(.disconnected(reason: "lost", random: 1))
            _ = rig.send(.filled(first, FillOutcome(problem: isFailed ? "busy" : nil)))
            _ = rig.pass(.seconds(1))
            _ = rig.send(.connected)
            let next = fills(rig.pass(.seconds(3)))
            #expect(next.map(\.from) == [isFailed ? first.from : last.tradedAt])
        }
    }

    @Test("a few markets are filled at once, the oldest gaps first")
    func fewAtOnce() {
        let names = (0..<10).map { "KRW-C\($0)" }
        var rig = CollectorRig(names)
        _ = rig.run()
        for (number, name) in names.enumerated() {
            _ = rig.send(.known(code(name), rig.now.wall - .seconds(1000 + number)))
        }
        let first = fills(rig.pass(.seconds(1)))
        #expect(first.map(\.market.description) == ["KRW-C9", "KRW-C8", "KRW-C7", "KRW-C6"])
        let done = rig.pass(.seconds(5))
        #expect(fills(done).isEmpty)
        let next = fills(rig.send(.filled(first[1], FillOutcome(newest: rig.now.wall))))
        #expect(next.map(\.market.description) == ["KRW-C5"])
        // A market that leaves while it is filled makes room as well.
        _ = rig.send(.markets(names.filter { $0 != "KRW-C9" }.map(code)))
        #expect(rig.machine.gaps.running == 3)
        let more = fills(rig.pass(.seconds(1)))
        #expect(more.map(\.market.description) == ["KRW-C4"])
        #expect(rig.machine.gaps.running == 4)
        #expect(rig.send(.filled(first[0], FillOutcome(found: 5))) == [])
    }

    @Test("trades older than the exchange gives are said to be lost")
    func tooOld() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        _ = rig.send(.known(bitcoin, rig.now.wall - .seconds(30 * 86_400)))
        let done = rig.pass(.seconds(1))
        #expect(fills(done).map(\.from) == [rig.now.wall - .seconds(7 * 86_400)])
        #expect(done.contains { if case .report(let text) = $0.action { text.contains("lost") } else { false } })
    }

    @Test("each market is compared with the exchange's list every minute, evenly spread")
    func checks() {
        let names = (0..<4).map { "KRW-C\($0)" }
        var rig = CollectorRig(names)
        _ = rig.run()
        var done: [(at: Duration, action: CollectorMachine.Action)] = []
        for second in 0..<180 {
            for name in names { _ = rig.admit(rig.trade(name, id: Int64(second))) }
            _ = rig.send(.received(count: 4))
            let passed = rig.pass(.seconds(1))
            for request in fills(passed) {
                #expect(request.purpose == .check)
                _ = rig.send(.filled(request, FillOutcome(newest: rig.now.wall)))
            }
            done += passed
        }
        let checks = done.filter { if case .fill = $0.action { true } else { false } }
        #expect(checks.map(\.at) == (1...12).map { Duration.seconds($0 * 15) })
        let last = fills(done).last
        // Compared until three seconds before the comparison a minute ago; one trade a second and some.
        #expect(last?.from == CollectorRig.start + .seconds(180 - 60 - 3))
        #expect(last?.count == 20 + 60 + 15)
    }

    @Test("long comparisons wait for each other, leave room for gaps, and the next begins when one ends")
    func longChecks() {
        let names = (0..<6).map { "KRW-C\($0)" }
        var rig = CollectorRig(names)
        _ = rig.run()
        for name in names { _ = rig.admit(rig.trade(name, id: 1)) }
        var checks: [FillRequest] = []
        for _ in 0..<7 {
            _ = rig.send(.received(count: 1))
            checks += fills(rig.pass(.seconds(10)))
        }
        #expect(checks.map(\.market.description) == ["KRW-C0", "KRW-C1"])
        let gaps = fills(rig.send(.known(code("KRW-C5"), rig.now.wall - .seconds(1000))))
        #expect(gaps.map(\.purpose) == [.gap])
        let next = fills(rig.send(.filled(checks[0], FillOutcome(newest: rig.now.wall))))
        #expect(next.map(\.market.description) == ["KRW-C2"])
        #expect(next.map(\.purpose) == [.check])
        #expect(rig.machine.gaps.running == 3 && rig.machine.gaps.checking == 2)
    }

    @Test("a comparison of a minute of a thousand trades a second publishes none of them again")
    func busyMarket() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        var requests: [FillRequest] = []
        var trades: [Trade] = []
        for second in 0..<61 where requests.isEmpty {
            for number in 0..<1_000 {
                let trade = rig.trade("KRW-BTC", id: Int64(second * 1_000 + number))
                _ = rig.admit(trade)
                trades.append(trade)
            }
            _ = rig.send(.received(count: 1_000))
            requests = fills(rig.pass(.seconds(1)))
        }
        #expect(requests.map(\.purpose) == [.check] && trades.count == 60_000)
        for page in stride(from: 0, to: trades.count, by: 500).reversed() {
            let missing = rig.missing(in: trades[page..<page + 500].reversed(), for: requests[0])
            #expect(missing.trades.isEmpty)
        }
    }

    @Test("a comparison finds what the stream lost, and leaves alone what is still on its way")
    func lostMessage() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        for second in 0..<59 {
            // The thirtieth is lost.
            if second != 30 { _ = rig.admit(rig.trade("KRW-BTC", id: Int64(second))) }
            _ = rig.send(.received(count: 1))
            _ = rig.pass(.seconds(1))
        }
        let request = fills(rig.pass(.seconds(1)))[0]
        #expect(request.purpose == .check)
        let late = rig.trade("KRW-BTC", id: 99, ago: .milliseconds(500))
        let page =
            [late] + (0..<59).reversed().map { rig.trade("KRW-BTC", id: Int64($0), ago: .seconds(60 - $0)) }
        let missing = rig.missing(in: page, for: request)
        #expect(missing.trades.map(\.sequentialID) == [30])
        #expect(missing.counted == 1)
        // It comes over the stream and passes.
        #expect(rig.admit(late) == true)
        let actions = rig.send(.filled(request, FillOutcome(found: 1, newest: late.tradedAt)))
        #expect(actions.contains { if case .report(let text) = $0 { text.contains("did not bring") } else { false } })
        #expect(rig.machine.status.gaps == 1 && rig.machine.status.filledTrades == 1)
    }

    @Test("what was lost before a connection broke is compared too: filling the gap looks at later trades only")
    func beforeGap() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        let first = rig.trade("KRW-BTC", id: 1)
        _ = rig.admit(first)
        _ = rig.send(.received(count: 1))
        _ = rig.pass(.seconds(20))
        let last = rig.trade("KRW-BTC", id: 9)
        _ = rig.admit(last)
        _ = rig.send(.received(count: 1))
        _ = rig.send(.disconnected(reason: "lost", random: 1))
        _ = rig.pass(.seconds(1))
        _ = rig.send(.connected)
        _ = rig.send(.received(count: 1))
        let gap = fills(rig.pass(.seconds(1)))
        #expect(gap.map(\.from) == [last.tradedAt])
        for request in gap { _ = rig.send(.filled(request, FillOutcome(newest: rig.now.wall))) }
        var check: [FillRequest] = []
        for _ in 0..<6 where check.isEmpty {
            _ = rig.send(.received(count: 1))
            check = fills(rig.pass(.seconds(10)))
        }
        #expect(check.map(\.purpose) == [.check] && check.map(\.from) == [first.tradedAt])
        // Once compared, the next comparison begins there.
        for request in check { _ = rig.send(.filled(request, FillOutcome(newest: rig.now.wall))) }
        let compared = rig.now.wall
        var next: [FillRequest] = []
        for _ in 0..<7 where next.isEmpty {
            _ = rig.send(.received(count: 1))
            next = fills(rig.pass(.seconds(10)))
        }
        #expect(next.map(\.from) == [compared - .seconds(3)])
    }

    @Test("a market that had no stored trades has no open hole once nothing is missing")
    func noHole() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        #expect(rig.machine.gapReport.closed.isEmpty)
        _ = rig.send(.known(bitcoin, nil))
        #expect(rig.machine.gapReport.closed == [bitcoin] && rig.machine.gapReport.open.isEmpty)
    }

    @Test("a market whose stream has fallen silent is found by the comparison too")
    func silentMarket() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        _ = rig.admit(rig.trade("KRW-BTC", id: 1))
        for _ in 0..<59 {
            _ = rig.pass(.seconds(1))
            _ = rig.send(.received(count: 1))
        }
        let request = fills(rig.pass(.seconds(1)))[0]
        let page = [rig.trade("KRW-BTC", id: 2, ago: .seconds(40)), rig.trade("KRW-BTC", id: 1, ago: .seconds(60))]
        let missing = rig.missing(in: page, for: request)
        #expect(missing.trades.map(\.sequentialID) == [2])
    }

    @Test("a trade that was shed is asked for again")
    func shed() {
        var rig = CollectorRig(["KRW-BTC"])
        _ = rig.run()
        _ = rig.pass(.seconds(2))
        let trade = rig.trade("KRW-BTC", id: 1)
        #expect(rig.admit(trade) == true)
        rig.machine.forget(trade)
        let requests = fills(rig.send(.received(count: 1)))
        #expect(requests.map(\.from) == [trade.tradedAt])
        let missing = rig.missing(in: [trade], for: requests[0])
        #expect(missing.trades == [trade])
    }

    @Test("a ledger is bounded in number and time, and keeps a quiet market's last trades")
    func ledger() {
        var ledger = TradeLedger()
        let start = CollectorRig.start
        func take(_ id: Int64, _ seconds: Int, most: Int = 100) -> Bool {
            ledger.take(id: id, tradedAt: start + .seconds(seconds), most: most, span: .seconds(60))
        }
        for number in 0..<1000 { #expect(take(Int64(number), 0)) }
        #expect(ledger.count == 100)
        #expect(!take(999, 0))
        #expect(take(0, 0))
        // A long silence: the last ones stay known.
        #expect(take(2000, 100_000))
        #expect(ledger.count == 16)
        #expect(!take(999, 0))
        #expect(ledger.newest == start + .seconds(100_000))
        // A long gap that is filled does not push out what is new.
        for number in 3000..<4000 { #expect(take(Int64(number), 50_000)) }
        #expect(!take(2000, 100_000))
        #expect(ledger.count == 16)
    }
}
