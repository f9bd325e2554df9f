import DAGModel
import Synchronization
import Testing

@testable import Workers

@Suite("what a worker tells", .timeLimit(.minutes(1))) struct ReportTests {
    struct Refused: Error {}

    @Test("nothing of a log is lost when its try ends while a part is being stored", arguments: [false, true])
    func endsMeanwhile(isRefused: Bool) async throws {
        let (shipping, mayShip, mayEnd) = (Gate(), Gate(), Gate())
        let store = HeldStore(
            tries: 1,
            onShip: { number in
                guard number == 0 else { return }
                shipping.open()
                await mayShip.wait()
                if isRefused { throw Refused() }
            })
        let rig = try SessionRig(store) { log in
            log.append("one\n")
            await mayEnd.wait()
            log.append("two\n")
        }
        try await rig.run {
            await shipping.wait()
            mayEnd.open()
            try await rig.untilIdle()
            // A report that waits for nothing would have come by now.
            for _ in 0..<1_000 { await Task.yield() }
            mayShip.open()
            try await rig.untilReported()
        }
        #expect(String(decoding: store.log(0), as: UTF8.self) == "one\ntwo\n")
        #expect(store.reports.count == 1)
    }

    @Test("a report is no longer than its bound, however much the tries wrote")
    func longReports() async throws {
        let (mayEnd, mayReport) = (Gate(), Gate())
        let store = HeldStore(tries: 12, onReport: { if $0 == 0 { await mayReport.wait() } })
        let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let rig = try SessionRig(store, logInterval: .seconds(600)) { log in
            log.append(megabyte)
            await mayEnd.wait()
        }
        try await rig.run {
            while await rig.session.running.count < 12 { try await pause() }
            mayEnd.open()
            try await rig.untilIdle()
            mayReport.open()
            try await rig.untilReported()
        }
        #expect(store.reports.allSatisfy { $0.bytes <= WorkerSession.bytesAtOnce && !$0.attempts.isEmpty })
        #expect(store.reports.flatMap(\.attempts).count == 12 && store.reports.count >= 2)
        for number in 0..<12 { #expect(store.log(Int64(number)) == megabyte) }
    }

    @Test("an end that cannot be stored is told as a failure, and those of its message as they were")
    func unstorable() async throws {
        let (mayEnd, mayReport) = (Gate(), Gate())
        let bad = AttemptID(rawValue: 2)
        let store = HeldStore(
            tries: 5,
            onReport: { number in
                guard number == 0 else { return }
                // Once all have ended, so that the repeated message has them all.
                await mayReport.wait()
                throw Refused()
            }, isUnstorable: { $0.attempt == bad && $0.state == .success })
        let rig = try SessionRig(store) { log in
            log.append("text\n")
            await mayEnd.wait()
        }
        try await rig.run {
            while await rig.session.running.count < 5 { try await pause() }
            mayEnd.open()
            try await rig.untilIdle()
            mayReport.open()
            try await rig.untilReported()
        }
        #expect(store.ends.count == 5)
        #expect(store.ends.values.filter { $0.state != .success }.map(\.attempt) == [bad])
        #expect(store.ends[bad]?.reason?.hasPrefix("its end could not be stored: ") == true)
        for number in [0, 1, 3, 4] { #expect(String(decoding: store.log(Int64(number)), as: UTF8.self) == "text\n") }
    }

    @Test("every log has its turn though the first ones never fall silent")
    func chatty() async throws {
        let files = Mutex<[LogFile]>([])
        let mayEnd = Gate()
        let store = HeldStore(
            tries: 250,
            onShip: { _ in for file in files.withLock({ $0 }) { file.append("more\n") } })
        let rig = try SessionRig(store) { log in
            log.append("first\n")
            files.withLock { $0.append(log) }
            await mayEnd.wait()
        }
        try await rig.run {
            while store.attempts.count < 250 { try await pause() }
            mayEnd.open()
            try await rig.untilReported()
        }
        #expect(store.open == 0 && store.attempts.count == 250)
        for number in 0..<250 { #expect(store.log(Int64(number)).starts(with: Array("first\n".utf8))) }
    }

    @Test("a round of much text is several messages, and an end goes before what is left of it")
    func longRound() async throws {
        let (mayWrite, mayShip, mayEnd, mayAllEnd) = (Gate(), Gate(), Gate(), Gate())
        let mayShipMore = Gate()
        let written = Mutex(0)
        let shipsBefore = Mutex<Int?>(nil)
        let ships = Mutex(0)
        let store = HeldStore(
            tries: 40,
            onShip: { number in
                ships.withLock { $0 = number + 1 }
                // Whatever the first has: afterwards there is more than one message of text, and the second is the first of it.
                if number == 0 { await mayShip.wait() }
                if number == 1 { await mayShipMore.wait() }
            },
            onReport: { number in
                if number == 0 { shipsBefore.withLock { $0 = ships.withLock(\.self) } }
            })
        let half = [UInt8](repeating: UInt8(ascii: "x"), count: 512 << 10)
        let rig = try SessionRig(store) { log in
            await mayWrite.wait()
            log.append(half)
            let isFirst = written.withLock { number in
                number += 1
                return number == 1
            }
            await (isFirst ? mayEnd : mayAllEnd).wait()
        }
        try await rig.run {
            while await rig.session.running.count < 40 { try await pause() }
            mayWrite.open()
            while written.withLock({ $0 }) < 40 { try await pause() }
            mayShip.open()
            while store.ships.count < 2 { try await pause() }
            mayEnd.open()
            while await rig.session.running.count == 40 { try await pause() }
            mayShipMore.open()
            while store.open == 40 { try await pause() }
            mayAllEnd.open()
            try await rig.untilReported()
        }
        #expect(shipsBefore.withLock(\.self) == 2)
        let most = WorkerSession.bytesAtOnce + half.count
        #expect(store.ships.count > 2 && (store.ships + store.reports).allSatisfy { $0.bytes <= most })
        for number in 0..<40 { #expect(store.log(Int64(number)) == half) }
    }

    @Test("an orderly end during a heartbeat is no trouble with the database")
    func quietEnd() async throws {
        let beating = Gate()
        let store = HeldStore(
            tries: 0,
            onHeartbeat: {
                beating.open()
                let (never, _) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                throw CancellationError()
            })
        let rig = try SessionRig(store, sinceHeartbeat: .seconds(6)) { _ in }
        await rig.run { await beating.wait() }
        #expect(
            !rig.observer.all.contains { status in
                if case .waitingForDatabase = status { true } else { false }
            })
    }
}
