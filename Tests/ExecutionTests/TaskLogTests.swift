import DAGModel
import FoundationEssentials
import Glibc
import Testing

@testable import Execution

@Suite("Task logs", .timeLimit(.minutes(1)))
struct TaskLogTests {
    @Test("a log lies where Airflow would put it, and no id leaves its folder")
    func layout() {
        let logs = TaskLogDirectory(root: "/var/log/x/")
        #expect(
            logs.path(dag: DAGID("d"), runID: "manual__2026-01-01T00:00:00+00:00", task: TaskID("t"), tryNumber: 2)
                == "/var/log/x/dag_id=d/run_id=manual__2026-01-01T00:00:00+00:00/task_id=t/attempt=2.log")
        #expect(
            logs.path(dag: DAGID("../a"), runID: "b/c", task: TaskID("å~"), mapIndex: 3, tryNumber: 1)
                == "/var/log/x/dag_id=..%2Fa/run_id=b%2Fc/task_id=%C3%A5%7E/map_index=3/attempt=1.log")
        let long = String(repeating: "é", count: 250)
        let first = TaskLogDirectory.encoded(long)
        #expect(first.utf8.count < 200)
        #expect(first != TaskLogDirectory.encoded(long + "é"))
    }

    @Test("lines have time and level, and the file appears with the first")
    func lines() throws {
        let scratch = try Scratch()
        let log = TaskLog(path: "\(scratch.path)/a/b/c.log")
        let reader = TaskLogReader(path: log.path)
        #expect(!reader.exists && log.size == 0)
        log.info("hello")
        log.error("bad")
        let lines = reader.tail().text.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines[0].wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z INFO hello/) != nil)
        #expect(lines[1].hasSuffix("ERROR bad"))
    }

    @Test("the last line is the last that is not blank, from where the child began")
    func lastLine() throws {
        let scratch = try Scratch()
        let log = TaskLog(path: "\(scratch.path)/l")
        #expect(log.lastLine(from: 0) == nil)
        log.append(Array("ours\n".utf8))
        let start = log.size
        #expect(log.lastLine(from: start) == nil)
        log.append(Array("one\n  two  \n\n \n".utf8))
        #expect(log.lastLine(from: start) == "  two")
        let long = String(repeating: "y", count: 10_000)
        log.append(Array("\(long)\n".utf8))
        #expect(log.lastLine(from: start) == long)
        #expect(log.lastLine(from: start, limit: 100)?.count == 99)
    }

    @Test("a tail begins at a line, and pieces never cut a character")
    func reading() throws {
        let scratch = try Scratch()
        let log = TaskLog(path: "\(scratch.path)/l")
        log.append(Array("first\nsecond\nthird ".utf8) + [0xFF] + Array("\n".utf8))
        let reader = TaskLogReader(path: log.path)
        #expect(reader.tail(limit: 12).text == "third \u{FFFD}\n")
        #expect(reader.tail().text == "first\nsecond\nthird \u{FFFD}\n")
        let wide = TaskLog(path: "\(scratch.path)/w")
        let text = String(repeating: "aé€𝄞", count: 50)
        wide.append(Array(text.utf8))
        var read = ""
        var offset: Int64 = 0
        while true {
            let piece = TaskLogReader(path: wide.path).chunk(from: offset, limit: 9)
            if piece.next == offset { break }
            read += piece.text
            offset = piece.next
        }
        #expect(read == text)
    }

    @Test("a log over its limit keeps its beginning and its end")
    func limit() throws {
        let scratch = try Scratch()
        let log = TaskLog(path: "\(scratch.path)/l")
        log.append(Array("begin\n".utf8))
        let line = String(repeating: "x", count: 99) + "\n"
        log.append(Array(String(repeating: line, count: 20_000).utf8))
        log.append(Array("end\n".utf8))
        sync()
        let size = log.size
        TaskLogLimit.enforce(path: log.path, limit: 400_000)
        #expect(log.size == size)
        let reader = TaskLogReader(path: log.path)
        let first = reader.chunk(from: 0)
        #expect(first.text.hasPrefix("begin\nxxx"))
        #expect(first.next < 100_000)
        let gap = reader.chunk(from: first.next)
        #expect(gap.text.contains("bytes left out"))
        let rest = reader.chunk(from: gap.next)
        #expect(rest.text.hasSuffix("x\nend\n") && rest.next == size)
    }
}
