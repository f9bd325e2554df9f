import CivilTime
import Collecting
import Commands
import DAGModel
import Synchronization
import Testing

@Suite("market and stream") struct MarketCommandTests {
    private static let bitcoin = CollectedMarket(
        exchange: "upbit", market: "KRW-BTC", addedAt: CommandLineHarness.now, addedBy: "default", isProtected: true,
        worker: "box-12")

    private static func collector(_ state: CollectorState, silent: Bool = false) -> CollectorReading {
        CollectorReading(
            worker: "box-12",
            status: CollectorStatus(
                exchange: "upbit", name: "upbit", markets: ["KRW-BTC", "KRW-ETH"], state: state,
                reason: state == .running ? "" : "no message for 31 s", since: CommandLineHarness.now,
                lastMessageAt: CommandLineHarness.now - .seconds(4), rate: 12.34, lagSeconds: -0.25, messages: 100,
                reconnects: 1, gaps: 2, filledTrades: 3, malformed: 4, shed: 5),
            stored: 90, duplicates: 6, commitSeconds: 0.004, updatedAt: CommandLineHarness.now, isSilent: silent)
    }

    @Test("list shows who collects what")
    func list() async {
        let other = CollectedMarket(
            exchange: "upbit", market: "KRW-ADA", addedAt: CommandLineHarness.now, addedBy: "mia", isProtected: false,
            worker: nil)
        let desk = FakeDesk { $0.markets = [other, Self.bitcoin] }
        let table = await CommandLineHarness.run("market", "list", desk: desk)
        #expect(table.code == 0)
        #expect(table.outputLines.count == 3)
        #expect(table.output.contains("KRW-BTC  box-12"))
        #expect(table.output.contains("nobody") && table.output.contains("mia") && table.output.contains("protected"))
        let json = await CommandLineHarness.run("markets", "list", "-o", "json", desk: desk)
        #expect(
            json.json
                == .array([
                    [
                        "exchange": "upbit", "market": "KRW-ADA", "worker": .null,
                        "added_at": "2026-11-21T10:00:00Z", "added_by": "mia", "is_protected": false,
                    ],
                    [
                        "exchange": "upbit", "market": "KRW-BTC", "worker": "box-12",
                        "added_at": "2026-11-21T10:00:00Z", "added_by": "default", "is_protected": true,
                    ],
                ]))
        #expect(desk.state.withLock { $0.closings } == 2)
    }

    @Test("add and remove say what they did, and pass refusals on")
    func change() async {
        let desk = FakeDesk { $0.markets = [Self.bitcoin] }
        let added = await CommandLineHarness.run(
            "market", "add", "KRW-ADA", "--exchange-url", "http://there", "--database", "postgresql://db", desk: desk)
        #expect(added.code == 0 && added.output == "KRW-ADA of upbit is collected from now on\n")
        let known = await CommandLineHarness.run("market", "add", "KRW-BTC", desk: desk)
        #expect(known.code == 0 && known.output == "KRW-BTC of upbit is collected already\n")
        let removed = await CommandLineHarness.run(
            "market", "remove", "krw-eth", "--exchange", "Upbit", "-o", "json", desk: desk)
        #expect(removed.json == ["exchange": "upbit", "market": "KRW-ETH", "removed": true])
        #expect(
            desk.state.withLock { $0.asked } == [
                "open postgresql://db http://there", "add upbit KRW-ADA tester", "open .cryptoflow -",
                "add upbit KRW-BTC tester", "open .cryptoflow -", "remove upbit KRW-ETH",
            ])
        desk.state.withLock { $0.refusal = "Upbit has no market KRW-BCT: did you mean KRW-BTC?" }
        let refused = await CommandLineHarness.run("market", "add", "KRW-BCT", desk: desk)
        #expect(refused.code == 1 && refused.output.isEmpty)
        #expect(refused.errors == "error: Upbit has no market KRW-BCT: did you mean KRW-BTC?\n")
        #expect(desk.state.withLock { $0.closings } == 4)
    }

    @Test(
        "status ends in 0 only when a collector works and none is ill",
        arguments: [
            ([.running], false, 0), ([.running, .stalled], false, 1), ([.running], true, 1), ([.stopped], false, 1),
            ([.running, .stopped], false, 0), ([], false, 1), ([.starting], false, 0),
        ] as [([CollectorState], Bool, Int32)])
    func status(states: [CollectorState], silent: Bool, code: Int32) async {
        let desk = FakeDesk { $0.collectors = states.map { Self.collector($0, silent: silent) } }
        let outcome = await CommandLineHarness.run("stream", "status", desk: desk)
        #expect(outcome.code == code)
        #expect(outcome.errors.isEmpty)
        for state in states { #expect(outcome.output.contains(silent ? "silent" : state.rawValue)) }
    }

    @Test("status shows the figures")
    func figures() async {
        let desk = FakeDesk { $0.collectors = [Self.collector(.stalled)] }
        let table = await CommandLineHarness.run("stream", "status", desk: desk)
        for text in ["12.3", "4s", "-0.3 s", "no message for 31 s"] { #expect(table.output.contains(text), "\(text)") }
        let json = await CommandLineHarness.run("stream", "status", "-o", "json", desk: desk)
        #expect(json.json.arrayValue?.first?.objectValue?["filled_trades"] == 3)
        #expect(json.json.arrayValue?.first?.objectValue?["is_silent"] == false)
    }
}
