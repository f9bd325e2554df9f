import Testing
import WebSocketServer

@testable import RecordedExchange

@Suite("Disturbed messages") struct DisturbanceTests {
    private let second: Int64 = 1_000_000_000

    /// Sends messages `a`, `b`, `c` … with a fault for some, a millisecond apart; what goes out for each.
    private func run(_ faults: [Int: Fault], count: Int = 6, end: Int64 = 0) -> [[UInt8]] {
        var disturbance = StreamDisturbance()
        var out: [[UInt8]] = []
        for number in 0..<count {
            var frames = WebSocketFrames()
            let now = Int64(number) * 1_000_000
            disturbance.take([UInt8(97 + number), 33], fault: faults[number], now: now, into: &frames)
            disturbance.release(now: now, into: &frames)
            out.append(Self.letters(frames))
        }
        var frames = WebSocketFrames()
        disturbance.release(now: end, into: &frames)
        out.append(Self.letters(frames))
        return out
    }

    /// The first byte of each payload.
    private static func letters(_ frames: WebSocketFrames) -> [UInt8] {
        var bytes = frames.wireBytes[...]
        var letters: [UInt8] = []
        while bytes.count >= 2 {
            let length = Int(bytes[bytes.startIndex + 1])
            letters.append(length > 0 ? bytes[bytes.startIndex + 2] : 0)
            bytes = bytes.dropFirst(2 + length)
        }
        return letters
    }

    private func text(_ out: [[UInt8]]) -> [String] { out.map { String(decoding: $0, as: UTF8.self) } }

    @Test("duplicates, gaps and late messages")
    func simple() {
        #expect(text(run([:])) == ["a", "b", "c", "d", "e", "f", ""])
        #expect(text(run([1: Fault(kind: .duplicate)])) == ["a", "bb", "c", "d", "e", "f", ""])
        #expect(text(run([1: Fault(kind: .gap)])) == ["a", "", "c", "d", "e", "f", ""])
        #expect(text(run([1: Fault(kind: .reorder, window: 2)])) == ["a", "", "c", "db", "e", "f", ""])
        // Nothing follows: it comes after a second.
        #expect(text(run([5: Fault(kind: .reorder)], end: 2 * second)).last == "f")
    }

    @Test("silence loses what happens meanwhile, slowness delays it")
    func silent() {
        #expect(text(run([1: Fault(kind: .stall, seconds: 0.003)])) == ["a", "", "", "", "e", "f", ""])
        #expect(text(run([1: Fault(kind: .slow, seconds: 0.003)])) == ["a", "", "", "", "bcde", "f", ""])
        #expect(text(run([1: Fault(kind: .slow, seconds: 1)], end: 2 * second)).last == "bcdef")
    }

    @Test("garbage is neither JSON nor UTF-8, a truncated message is its first half")
    func garbage() {
        #expect(run([1: Fault(kind: .garbage)])[1] == [0xFF])
        var disturbance = StreamDisturbance()
        var frames = WebSocketFrames()
        disturbance.take(Array("{\"a\":1}!".utf8), fault: Fault(kind: .truncate), now: 0, into: &frames)
        #expect(frames.wireBytes == [0x82, 4] + Array("{\"a\"".utf8))
    }

    @Test("after an end nothing goes out")
    func ended() {
        #expect(text(run([1: Fault(kind: .disconnect)])) == ["a", "", "", "", "", "", ""])
    }

    @Test("faults of messages, handshakes and requests do not take each other's turn")
    func kinds() throws {
        var plan = FaultPlan()
        plan.add(Fault(kind: .gap, count: 1), now: 0)
        plan.add(Fault(kind: .refuse, count: 1), now: 0)
        plan.add(Fault(kind: .internalError, count: 1), now: 0)
        #expect(plan.mayHit(path: ExchangeStream.path, among: Fault.Kind.ofMessages))
        #expect(plan.take(path: "/v1/ticker", market: nil, now: 1)?.kind == .internalError)
        let path = ExchangeStream.path
        #expect(plan.take(path: path, market: nil, among: Fault.Kind.ofHandshakes, now: 1)?.kind == .refuse)
        #expect(plan.take(path: path, market: "KRW-BTC", among: Fault.Kind.ofMessages, now: 1)?.kind == .gap)
        #expect(plan.take(path: path, market: "KRW-BTC", among: Fault.Kind.ofMessages, now: 1) == nil)
        #expect(try Fault.parse(option: "reorder,window=9").window == 9)
        #expect(try Fault.parse(option: "stall").path == "/websocket/v1")
    }
}
