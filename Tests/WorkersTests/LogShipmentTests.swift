import DAGModel
import Execution
import FoundationEssentials
import RunStore
import Testing

@testable import Workers

@Suite("a try's log on its way to the store") struct LogShipmentTests {
    private static let secret = "correct horse battery staple"
    private static let covered = Array("***".utf8) + [UInt8](repeating: 0, count: secret.utf8.count - 3)

    /// A file that a try writes, and what of it was stored.
    private struct Rig: ~Copyable {
        let file = LogFile(path: "/tmp/cryptoflow-shipment-\(UUID().uuidString)")
        var log: LogShipment
        /// By place, without what was given up.
        var stored: [UInt8] = []
        var holes = 0

        init() {
            var mask = SecretMask()
            mask.cover(LogShipmentTests.secret)
            log = LogShipment(path: file.path, start: 0, mask: mask)
        }

        deinit { try? FileManager.default.removeItem(atPath: file.path) }

        /// Stores what is there; answers how many bytes that were.
        @discardableResult
        mutating func ship(isLast: Bool = false) -> Int {
            let pieces = log.pieces(of: AttemptID(rawValue: 1), isLast: isLast)
            for piece in pieces {
                holes += Int(piece.start) - stored.count - holes
                stored += piece.content
            }
            return pieces.reduce(0) { $0 + $1.content.count }
        }
    }

    private static func filling(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: count) }

    @Test("a secret that begins before the end of the head and ends behind it is covered", arguments: [false, true])
    func acrossHead(isLast: Bool) {
        for inside in [1, 5, Self.secret.utf8.count - 1] {
            var rig = Rig()
            let before = Self.filling(Int(LogShipment.head) - inside)
            rig.file.append(before + Array(Self.secret.utf8) + Array("\nmore\n".utf8))
            rig.ship(isLast: isLast)
            let expected = before + Self.covered + Array("\nmore\n".utf8)
            #expect(rig.stored == expected, "\(inside) bytes inside")
        }
    }

    @Test("the part of a secret that was flushed first waits for the rest of it")
    func flushedInParts() {
        var rig = Rig()
        rig.file.append("correct horse")
        #expect(rig.ship() == 0)
        rig.file.append(" battery staple")
        rig.ship()
        #expect(rig.stored == Self.covered)
        rig.file.append("correct")
        #expect(rig.ship() == 0)
        rig.file.append(" answer")
        rig.ship()
        #expect(rig.stored == Self.covered + Array("correct answer".utf8))
    }

    @Test("what waited is stored when the try has ended")
    func waitedToTheEnd() {
        var rig = Rig()
        rig.file.append("correct")
        #expect(rig.ship() == 0)
        #expect(rig.ship(isLast: true) == 7)
        #expect(rig.stored == Array("correct".utf8))
    }

    @Test("where the middle is left out, the end of a secret that began in it is covered", arguments: [false, true])
    func behindTheHole(isTakenBack: Bool) throws {
        var rig = Rig()
        rig.file.append(Self.filling(Int(LogShipment.head)))
        rig.ship()
        // The last bytes of the secret are the first of the tail.
        let tail = Self.filling(Int(LogShipment.tail) - 6)
        rig.file.append(Self.filling(100_000) + Array(Self.secret.utf8) + tail)
        if isTakenBack {
            let pieces = rig.log.pieces(of: AttemptID(rawValue: 1), isLast: true)
            rig.log.takeBack(try #require(pieces.first))
        }
        rig.ship(isLast: true)
        let kept = rig.stored.dropFirst(Int(LogShipment.head))
        #expect(rig.holes == 100_000 + Self.secret.utf8.count - 6)
        #expect(Array(kept) == [UInt8](repeating: 0, count: 6) + tail)
    }
}
