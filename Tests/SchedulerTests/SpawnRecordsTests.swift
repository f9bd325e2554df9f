import DAGModel
import Execution
import Testing

@testable import Scheduler

@Suite("records of spawned processes", .timeLimit(.minutes(1)))
struct SpawnRecordsTests {
    private let process = ProcessRecord(host: "here", bootID: "boot", pid: 7, startTicks: 1)

    @Test("one that no batch has taken for a while asks for a batch of its own")
    func announced() async {
        let records = SpawnRecords()
        let (announced, announce) = AsyncStream.makeStream(of: Bool.self)
        records.onRecord { announce.yield(records.isDue) }
        records.spawned(process, for: AttemptID(rawValue: 1))
        #expect(await announced.first { _ in true } == true)
        #expect(records.take() == [AttemptID(rawValue: 1): process])
        #expect(!records.isDue)
    }

    @Test("one that a batch has taken is not announced, and the next is")
    func taken() async {
        let records = SpawnRecords()
        let (announced, announce) = AsyncStream.makeStream(of: [AttemptID].self)
        records.onRecord { announce.yield(Array(records.take().keys)) }
        records.spawned(process, for: AttemptID(rawValue: 1))
        var seen = Array(records.take().keys)
        records.spawned(process, for: AttemptID(rawValue: 2))
        for await late in announced {
            seen += late
            if seen.contains(AttemptID(rawValue: 2)) { break }
        }
        #expect(seen.sorted() == [AttemptID(rawValue: 1), AttemptID(rawValue: 2)])
    }
}
