import CChildSpawn
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization

/// Ends what this program has started, when it is itself asked to stop.
package enum StartedPrograms {
    private static let running = Mutex<Set<pid_t>>([])

    /// Asks every program that still runs to stop.
    package static func end() {
        running.withLock { for pid in $0 { kill(pid, SIGTERM) } }
    }

    static func add(_ pid: pid_t) { running.withLock { _ = $0.insert(pid) } }
    static func remove(_ pid: pid_t) { running.withLock { _ = $0.remove(pid) } }
}

/// A program that was started, its output in a file.
package struct Program: Sendable {
    package let pid: Int32
    let outputPath: String

    /// Throws ``LabFailure`` when it cannot be started.
    package static func start(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], in folder: String
    ) throws -> Program {
        var template = Array("\(folder)/output-XXXXXX".utf8CString)
        let output = mkstemp(&template)
        guard output >= 0 else { throw LabFailure("cannot write into \(folder)") }
        defer { close(output) }
        var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        variables.merge(environment) { _, given in given }
        let argv = ([path] + arguments).map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = cchildspawn_start(&pid, path, argv, envp, folder, -1, output, output)
        guard code == 0 else { throw LabFailure("cannot start \(path): \(String(cString: strerror(code)))") }
        StartedPrograms.add(pid)
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Program(pid: pid, outputPath: name)
    }

    package var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

    /// Waits for its end; the wait status.
    @discardableResult
    package func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "bench.program").async {
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                StartedPrograms.remove(pid)
                continuation.resume(returning: status)
            }
        }
    }

    /// Asks it to stop and waits until it has.
    package func end() async {
        kill(pid, SIGTERM)
        await wait()
    }

    /// Waits until its output contains `text`, looking every millisecond; false when it ends before, or takes longer.
    package func waitForOutput(_ text: String, seconds: Double) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if output.contains(text) { return true }
            try await Task.sleep(for: .milliseconds(1))
        }
        return false
    }
}
