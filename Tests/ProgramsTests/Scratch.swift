import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

/// A folder for one test, with a home in it, and everything that the test starts there.
///
/// In the end a small shell kills what still runs and removes the folder. It waits for the end of a pipe that only the test
/// holds, so it does so too when the test process itself is killed.
struct Scratch: Sendable {
    /// The test's folder.
    let folder: String
    private let marker: String
    private let started = StartedPrograms()

    /// The home of the programs that the test starts.
    var home: String { folder + "/home" }

    /// Not one of CRYPTOFLOW_*, which tasks do not inherit.
    private static let variable = "PROGRAMS_TEST_RUN"

    private static let janitor = """
        read -r line
        i=0
        while [ $i -lt 300 ]; do
            pids=$({ grep -lzxF -- "$2" /proc/[0-9]*/environ
                find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$1*"; } 2>/dev/null | cut -d/ -f3 | sort -u)
            [ -z "$pids" ] && break
            kill -KILL $pids 2>/dev/null
            sleep 0.02
            i=$((i + 1))
        done
        rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
        """

    /// Makes the folder, runs the body, and cleans up whatever happens.
    static func with(_ body: (Scratch) async throws -> Void) async throws {
        let folder = try TemporaryFolder.make(prefix: "cryptoflow-e2e")
        let scratch = Scratch(folder: folder, marker: String(UInt64.random(in: .min ... .max), radix: 36))
        let pipe = try Program.pipe()
        let janitor: Program
        do {
            defer { close(pipe.read) }
            janitor = try Program(
                "/bin/sh", ["-c", Self.janitor, "janitor", folder, "\(variable)=\(scratch.marker)"],
                environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"], directory: "/", input: pipe.read)
        } catch {
            close(pipe.write)
            TemporaryFolder.remove(folder)
            throw error
        }
        let outcome: Result<Void, any Error>
        do {
            try await body(scratch)
            outcome = .success(())
        } catch {
            scratch.started.tell()
            outcome = .failure(error)
        }
        close(pipe.write)
        // Not cut short when the test was cancelled: the next one needs the processor.
        _ = try? await Task { try await janitor.end() }.value
        try outcome.get()
    }

    // MARK: - Files

    /// Writes a file under the folder and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = URL(filePath: folder + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file, options: .atomic)
        return folder + "/" + name
    }

    /// The text of a file of the folder; empty when there is none.
    func read(_ name: String) -> String {
        FileManager.default.contents(atPath: folder + "/" + name).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    // MARK: - Programs

    /// Starts a program of ours, or another one by its absolute path, in the folder.
    func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Program {
        let path = program.hasPrefix("/") ? program : try Installed.path(of: program)
        var all = ["HOME": folder, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", Self.variable: marker]
        for name in ["PATH", "TMPDIR", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { all[name] = String(cString: value) }
        }
        let started = try Program(
            path, arguments, environment: all.merging(environment) { $1 }, directory: folder)
        self.started.add(started)
        return started
    }

    /// Starts `cryptoflow standalone` in the home, on a free port.
    func standalone(_ arguments: String..., environment: [String: String] = [:]) throws -> Program {
        try start(
            "cryptoflow", ["standalone", "--home", home, "--port", "0"] + arguments, environment: environment)
    }

    /// Runs a command of `cryptoflow` to its end.
    ///
    /// Throws when it does not end with `code` (nil: any is right).
    @discardableResult
    func cryptoflow(
        _ arguments: String..., code: Int32? = 0, environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        let needsHome = !["schedule"].contains(arguments[0]) && !arguments.contains("validate")
        let isFree = needsHome && environment["CRYPTOFLOW_DATABASE_URL"] == nil
        let program = try start(
            "cryptoflow", arguments + (isFree ? ["--home", home] : []), environment: environment)
        let result = try await program.finish()
        guard code == nil || result.code == code else {
            throw program.failure("ended with \(result.code) instead of \(code ?? 0)")
        }
        return result
    }

    /// What still runs of this test: its programs, their children, its databases.
    func processes() -> [RunningProcess] {
        RunningProcess.all().filter { process in
            process.environment.contains("\(Self.variable)=\(marker)")
                || process.directory.hasPrefix(folder) || process.command.contains(folder)
        }.filter { !$0.command.contains(Self.variable) }
    }
}

/// A process as /proc shows it.
struct RunningProcess: Sendable, CustomStringConvertible {
    let pid: Int32
    let command: String
    let directory: String
    let environment: [String]

    var description: String { "\(pid) \(command.prefix(100))" }

    /// Every process, the dead ones left out.
    static func all() -> [RunningProcess] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { name in
            guard let pid = Int32(name) else { return nil }
            let command = fields("/proc/\(pid)/cmdline").joined(separator: " ")
            // Threads of the kernel and the dead have none.
            guard !command.isEmpty else { return nil }
            let directory = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
            return RunningProcess(
                pid: pid, command: command, directory: directory, environment: fields("/proc/\(pid)/environ"))
        }
    }

    private static func fields(_ path: String) -> [String] {
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The programs under test.
enum Installed {
    /// The path of a program: in the folder that CRYPTOFLOW_PROGRAMS names, else beside the tests.
    static func path(of name: String) throws -> String {
        var folders: [String] = []
        if let named = getenv("CRYPTOFLOW_PROGRAMS") { folders.append(String(cString: named)) }
        if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            folders.append(String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]))
        }
        folders.append(checkout + "/.build/debug")
        for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
        throw Program.Failure(description: "\(name) is not in \(folders.joined(separator: ", ")): build it first")
    }

    /// The checkout's folder, with `dags` and `Resources`.
    static let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")
}

/// The programs of a test that went wrong, for those who look for the reason.
private final class StartedPrograms: Sendable {
    private let programs = Mutex<[Program]>([])

    func add(_ program: Program) { programs.withLock { $0.append(program) } }

    /// Shows the state of each with its last lines, the last twenty of them.
    func tell() {
        let programs = programs.withLock { $0.suffix(20) }
        let texts = programs.map { "\($0.failure($0.hasEnded ? "has ended" : "still runs"))" }
        Issue.record("the test's programs:\n\(texts.joined(separator: "\n"))")
    }
}
