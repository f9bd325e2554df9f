import CivilTime
import DAGModel
import Execution
import FoundationEssentials
import Testing

@Suite("Removing logs") struct LogRemovalTests {
    private func withLogs(_ body: (TaskLogDirectory, _ write: (String, String) -> String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/cryptoflow-logs-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logs = TaskLogDirectory(root: folder)
        try body(logs) { dag, run in
            let path = logs.path(dag: DAGID(dag), runID: run, task: TaskID("t"), tryNumber: 1)
            TaskLog(path: path).info("said")
            return path
        }
    }

    @Test("a run's logs go alone, and the folder of its DAG with the last of them")
    func run() throws {
        try withLogs { logs, write in
            let first = write("d", "manual__2026-11-20T00:00:00+00:00")
            let second = write("d", "../r")
            logs.remove(dag: DAGID("d"), runID: "manual__2026-11-20T00:00:00+00:00")
            #expect(!FileManager.default.fileExists(atPath: first))
            #expect(FileManager.default.fileExists(atPath: second))
            logs.remove(dag: DAGID("d"), runID: "../r")
            logs.remove(dag: DAGID("d"), runID: "../r")
            #expect(!FileManager.default.fileExists(atPath: logs.root + "/dag_id=d"))
            #expect(FileManager.default.fileExists(atPath: logs.root))
        }
    }

    @Test("logs that nobody has written to for long go, a limited number at a time")
    func age() throws {
        try withLogs { logs, write in
            let paths = (0..<5).map { write("d\($0 % 2)", "r\($0)") }
            let now = Timestamp.now()
            #expect(logs.removeRuns(untouchedSince: now - .seconds(3_600), limit: 10) == 0)
            #expect(logs.removeRuns(untouchedSince: now + .seconds(3_600), limit: 2) == 2)
            #expect(paths.count { FileManager.default.fileExists(atPath: $0) } == 3)
            #expect(logs.removeRuns(untouchedSince: now + .seconds(3_600), limit: 10) == 3)
            #expect(logs.removeRuns(untouchedSince: now + .seconds(3_600), limit: 10) == 0)
        }
    }
}
