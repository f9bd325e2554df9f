/// What a child process is to do and where.
package struct ChildCommand: Sendable {
    /// The program's absolute path.
    package var executable: String
    /// The arguments after the program's own name.
    package var arguments: [String]
    /// The whole environment: nothing of ours is added.
    package var environment: [String: String]
    /// Nil for the directory of this process.
    package var workingDirectory: String?
    /// The file that standard output and standard error are appended to; made when it is missing, its folder is not.
    package var outputPath: String
    /// The bytes on disk that `outputPath` may take; past that its middle is given up.
    ///
    /// Nil for no limit.
    package var outputLimit: Int64?
    /// Starts it, if it can.
    package var forkServer: ForkServer?

    package init(
        executable: String, arguments: [String], environment: [String: String], workingDirectory: String? = nil,
        outputPath: String, outputLimit: Int64? = nil, forkServer: ForkServer? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.outputPath = outputPath
        self.outputLimit = outputLimit
        self.forkServer = forkServer
    }
}

/// How a child process ended.
package enum ChildExit: Hashable, Sendable {
    case code(Int32)
    case signal(Int32)

    /// The exit status as a shell reports it: 128 + n for signal n.
    package var status: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        }
    }

    /// "exit code 3", "killed by SIGSEGV".
    package var summary: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let signal): "killed by \(Self.name(ofSignal: signal))"
        }
    }

    static func name(ofSignal signal: Int32) -> String {
        let names: [Int32: String] = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
            9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
            24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
        ]
        return names[signal] ?? "signal \(signal)"
    }
}

/// Why a child process could not be started.
package struct ChildSpawnError: Error, CustomStringConvertible {
    package let description: String
    /// False when another try would meet the same: no such program, no such directory.
    package let isRetryable: Bool
}
