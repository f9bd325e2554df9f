import CivilTime
import Collecting
import Markets
import SeededRandom
import Testing

@testable import Streaming

@Suite("Collector machine") struct CollectorMachineTests {
    private let both = [code("KRW-BTC"), code("KRW-ETH")]

    @Test("a start connects, subscribes, and runs with the first good message")
    func start() {
        var rig = CollectorRig()
        #expect(rig.state == .starting)
        #expect(rig.send(.start) == [.lookUp(both), .connect])
        #expect(rig.send(.connected) == [.subscribe(both)])
        #expect(rig.state == .starting)
        #expect(rig.send(.received(count: 0)) == [])
        #expect(rig.state == .starting)
        #expect(rig.send(.received(count: 3)) == [])
        #expect(rig.state == .running && rig.reason.isEmpty)
        #expect(rig.machine.status.messages == 3)
        #expect(rig.machine.status.lastMessageAt == CollectorRig.start)
        #expect(rig.send(.start) == [])
    }

    @Test("pings go out as the exchange wants them, whatever comes in")
    func pings() {
        var rig = CollectorRig { $0.checkInterval = .seconds(3600) }
        _ = rig.run()
        var pings: [Duration] = []
        for _ in 0..<65 {
            pings += rig.pass(.seconds(1)).filter { $0.action == .ping }.map(\.at)
            _ = rig.send(.received(count: 1))
        }
        #expect(pings == [.seconds(20), .seconds(40), .seconds(60)])
    }

    @Test("the wait before the next try doubles up to its bound and is spread at random")
    func backoff() {
        var rig = CollectorRig { ($0.firstBackoff, $0.longestBackoff) = (.seconds(1), .seconds(10)) }
        _ = rig.send(.start)
        for seconds in [1, 2, 4, 8, 10, 10] {
            let done = rig.send(.disconnected(reason: "refused", random: 1))
            #expect(done.contains(.connect) == false)
            #expect(rig.machine.nextDeadline == rig.now.monotonic + .seconds(seconds))
            let later = rig.pass(.seconds(seconds))
            #expect(later.map(\.action) == [.connect])
        }
        _ = rig.send(.disconnected(reason: "refused", random: 0.5))
        #expect(rig.machine.nextDeadline == rig.now.monotonic + .seconds(5))
        _ = rig.pass(.seconds(5))
        _ = rig.send(.disconnected(reason: "refused", random: 0))
        #expect(rig.machine.nextDeadline == rig.now.monotonic + .milliseconds(250))
    }

    @Test("a stable minute makes the next wait short again; a shorter time does not")
    func stable() {
        for (seconds, expected) in [(50, 8), (70, 1)] {
            var rig = CollectorRig()
            _ = rig.send(.start)
            for _ in 0..<3 {
                _ = rig.send(.disconnected(reason: "refused", random: 1))
                _ = rig.pass(.seconds(10))
            }
            _ = rig.send(.connected)
            for _ in 0..<seconds {
                _ = rig.send(.received(count: 1))
                _ = rig.pass(.seconds(1))
            }
            _ = rig.send(.disconnected(reason: "lost", random: 1))
            #expect(rig.machine.nextDeadline == rig.now.monotonic + .seconds(expected))
        }
    }

    @Test("several failures in a row are called failing, with the reason, until a good message comes")
    func failing() {
        var rig = CollectorRig()
        _ = rig.send(.start)
        for (number, state) in [(1, CollectorState.reconnecting), (2, .reconnecting), (3, .failing), (4, .failing)] {
            _ = rig.send(.disconnected(reason: "no route, try \(number)", random: 1))
            #expect(rig.state == state)
            #expect(rig.reason == "no route, try \(number)")
            #expect(rig.machine.status.reconnects == number)
            _ = rig.pass(.seconds(60))
        }
        _ = rig.send(.connected)
        #expect(rig.state == .failing)
        _ = rig.send(.received(count: 1))
        #expect(rig.state == .running && rig.reason.isEmpty)
    }

    @Test("silence is a stall; a message ends it")
    func stall() {
        var rig = CollectorRig()
        _ = rig.run()
        let before = rig.pass(.milliseconds(29_999))
        #expect(!before.contains { $0.action == .disconnect })
        #expect(rig.state == .running)
        let done = rig.pass(.milliseconds(1))
        #expect(done.map(\.action).contains(.ping))
        #expect(rig.state == .stalled)
        #expect(rig.reason.contains("30 s"))
        #expect(rig.machine.status.since == CollectorRig.start + .seconds(30))
        _ = rig.send(.received(count: 1))
        #expect(rig.state == .running)
    }

    @Test("a stall that lasts ends the connection, and its reason stays")
    func lastingStall() {
        var rig = CollectorRig()
        _ = rig.run()
        let done = rig.pass(.seconds(60))
        #expect(done.filter { $0.action == .disconnect }.map(\.at) == [.seconds(40)])
        #expect(rig.state == .stalled)
        _ = rig.send(.disconnected(reason: "closed on request", random: 1))
        #expect(rig.state == .reconnecting)
        #expect(rig.reason.contains("nothing usable"))
    }

    @Test("a connection that never speaks is stalled too")
    func neverSpeaks() {
        var rig = CollectorRig()
        _ = rig.send(.start)
        _ = rig.send(.connected)
        let done = rig.pass(.seconds(41))
        #expect(done.contains { $0.action == .disconnect })
        #expect(rig.reason.contains("names"))
    }

    @Test("quiet markets may be silent for longer")
    func quietMarkets() {
        var rig = CollectorRig { $0.checkInterval = .seconds(3600) }
        _ = rig.run()
        for _ in 0..<100 {
            _ = rig.pass(.seconds(10))
            _ = rig.send(.received(count: 1))
        }
        let done = rig.pass(.seconds(150))
        #expect(!done.contains { $0.action == .disconnect })
        #expect(rig.state == .running)
        let later = rig.pass(.seconds(100))
        #expect(later.contains { $0.action == .disconnect })
    }

    @Test("a refused subscription gives the connection up and says why")
    func refusal() {
        var rig = CollectorRig()
        _ = rig.send(.start)
        _ = rig.send(.connected)
        #expect(rig.send(.refused(name: "NO_CODES", message: "no codes")) == [.disconnect])
        #expect(rig.send(.refused(name: "NO_CODES", message: "no codes")) == [])
        _ = rig.send(.disconnected(reason: "closed with code 1000", random: 1))
        #expect(rig.reason == "the exchange refused the subscription: NO_CODES, no codes")
    }

    @Test("other markets are asked for on the same connection, not too often")
    func markets() {
        var rig = CollectorRig()
        _ = rig.run()
        let three = both + [code("KRW-XRP")]
        #expect(rig.send(.markets(three + three)) == [.lookUp([code("KRW-XRP")])])
        #expect(rig.machine.markets == three && rig.status().markets == three.map(\.description))
        #expect(rig.send(.markets([both[0]])) == [])
        let done = rig.pass(.seconds(1))
        #expect(done.map(\.action) == [.subscribe([both[0]])])
        #expect(rig.send(.markets([both[0]])) == [])
        let later = rig.pass(.seconds(5))
        #expect(!later.contains { if case .subscribe = $0.action { true } else { false } })
    }

    @Test("without markets there is no connection, and with the first there is one again")
    func noMarkets() {
        var rig = CollectorRig()
        _ = rig.run()
        #expect(rig.send(.markets([])) == [.disconnect])
        #expect(rig.state == .starting)
        #expect(rig.reason == "there are no markets to collect")
        #expect(rig.send(.disconnected(reason: "closed on request", random: 1)) == [])
        #expect(rig.machine.nextDeadline == nil)
        #expect(rig.send(.markets([both[1]])) == [.lookUp([both[1]]), .connect])
        var empty = CollectorRig([])
        #expect(empty.send(.start) == [])
        #expect(empty.send(.markets(both)) == [.lookUp(both), .connect])
        var early = CollectorRig([])
        #expect(early.send(.markets(both)) == [])
        #expect(early.send(.start) == [.lookUp(both), .connect])
        var waiting = CollectorRig()
        _ = waiting.send(.start)
        _ = waiting.send(.disconnected(reason: "refused", random: 1))
        #expect(waiting.send(.markets([])) == [])
        #expect(waiting.machine.nextDeadline == nil)
    }

    @Test("a stop ends it from every state, and nothing happens afterwards")
    func stop() {
        var idle = CollectorRig()
        #expect(idle.send(.stop) == [.end])
        var connecting = CollectorRig()
        _ = connecting.send(.start)
        #expect(connecting.send(.stop) == [.disconnect, .end])
        var running = CollectorRig()
        _ = running.run()
        #expect(running.send(.stop) == [.disconnect, .end])
        #expect(running.state == .stopped)
        var waiting = CollectorRig()
        _ = waiting.send(.start)
        _ = waiting.send(.disconnected(reason: "refused", random: 1))
        #expect(waiting.send(.stop) == [.end])
        for event in [
            CollectorMachine.Event.start, .connected, .disconnected(reason: "", random: 1), .received(count: 1), .tick,
            .markets([code("KRW-XRP")]), .stop,
        ] {
            #expect(running.send(event) == [])
        }
        #expect(running.machine.nextDeadline == nil)
        #expect(running.state == .stopped)
    }

    @Test("rate and history count whole seconds")
    func rate() {
        var rig = CollectorRig { $0.checkInterval = .seconds(3600) }
        _ = rig.run()
        for _ in 0..<100 {
            _ = rig.pass(.milliseconds(500))
            _ = rig.send(.received(count: 5))
        }
        let status = rig.status()
        #expect(status.rate == 10)
        #expect(status.history.count == 60)
        #expect(status.history.suffix(40) == ArraySlice(repeating: 10, count: 40))
        _ = rig.pass(.seconds(70))
        let later = rig.status()
        #expect(later.rate == 0)
        #expect(later.history == Array(repeating: 0, count: 60))
    }

    @Test("any order of events leaves a state that makes sense and a machine that rests", arguments: 0..<40)
    func anyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var rig = CollectorRig()
        var requests: [FillRequest] = []
        for step in 0..<400 {
            var actions: [CollectorMachine.Action] = []
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: actions = rig.send(.start)
            case 1, 2: actions = rig.send(.connected)
            case 3:
                let random = Double.random(in: 0...1, using: &generator)
                actions = rig.send(.disconnected(reason: "step \(step)", random: random))
            case 4, 5:
                _ = rig.admit(rig.trade("KRW-BTC", id: Int64(step)))
                actions = rig.send(.received(count: 1))
            case 6: actions = rig.send(.markets(both.shuffled(using: &generator)))
            case 7: actions = rig.send(.markets(Bool.random(using: &generator) ? [] : both))
            case 8:
                if let request = requests.popLast() {
                    let problem = Bool.random(using: &generator) ? "busy" : nil
                    actions = rig.send(.filled(request, FillOutcome(newest: rig.now.wall, problem: problem)))
                }
            case 9: actions = rig.send(.known(both[0], rig.now.wall - .seconds(1000)))
            case 10: actions = rig.send(.refused(name: "X", message: "y"))
            default: actions = rig.pass(.milliseconds(Int.random(in: 0...20_000, using: &generator))).map(\.action)
            }
            for case .fill(let request) in actions { requests.append(request) }
            #expect(rig.machine.gaps.running >= 0 && rig.machine.gaps.running <= 4)
            #expect(rig.machine.gaps.running == rig.machine.coverage.values.filter { $0.running != nil }.count)
            if rig.state == .running { #expect(rig.reason.isEmpty) } else { #expect(!rig.reason.isEmpty) }
        }
        let done = rig.send(.stop)
        #expect(done.last == .end)
    }
}
