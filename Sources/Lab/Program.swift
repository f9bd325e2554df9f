import CChildSpawn
import FoundationEssentials
import Glibc
package import PrivateCluster

/// A program that was started, its output in a file.
package struct Program: Sendable {
    package let pid: Int32
    let outputPath: String
    private let life: ProgramLife

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
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Program(pid: pid, outputPath: name, life: ProgramLife(pid))
    }

    package var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

    /// How it ended; nil while it runs.
    package var ending: ExitStatus? { life.ending }

    /// Sends a signal, if it still runs.
    package func signal(_ number: Int32) { life.signal(number) }

    /// Waits for its end.
    @discardableResult
    package func wait() async -> ExitStatus { await life.wait() }

    /// Asks it to stop and waits until it has; one that does not stop in time is killed.
    ///
    /// It has this time also when the caller is cancelled.
    @discardableResult
    package func end(patience: Duration = .seconds(30)) async -> ExitStatus {
        // Awaited here; of its own, so that a cancellation does not reach it.
        await Task { await stop(patience: patience) }.value
    }

    private func stop(patience: Duration) async -> ExitStatus {
        signal(SIGTERM)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled once it has ended: then there is nobody to kill.
                try? await Task.sleep(for: patience)
                signal(SIGKILL)
            }
            let ending = await wait()
            group.cancelAll()
            return ending
        }
    }

    /// Waits until its output contains one of these, looking every millisecond; false when it ends before, or takes longer.
    package func waitForOutput(_ texts: String..., seconds: Double) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            // Asked for first: what it wrote before its end is all there afterwards.
            let hasEnded = ending != nil
            let output = output
            if texts.contains(where: output.contains) { return true }
            if hasEnded { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
        return false
    }
}
