package import ArgumentParser

/// The operator's commands, and how a program runs them.
package enum Commands {
    /// Every command of this room, by noun.
    ///
    /// A program adds its own and makes a root command of them.
    package static var subcommands: [any ParsableCommand.Type] {
        [
            DAGCommand.self, RunCommand.self, TaskCommand.self, BackfillCommand.self, PoolCommand.self,
            ModelCommand.self, ScheduleCommand.self, ConfigCommand.self, MarketCommand.self, StreamCommand.self,
            LogsCommand.self,
            WhyCommand.self,
            VersionCommand.self,
        ]
    }

    /// Reads a command line, runs the command, and says what went wrong on standard error.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name; nil for the process's own.
    /// - Returns: the exit code. 0: done; 1: failed; 2: the command line is wrong; others as the command's help says.
    package static func run(
        _ root: any ParsableCommand.Type, arguments: [String]? = nil, in environment: CommandEnvironment
    ) async -> Int32 {
        await CommandEnvironment.$current.withValue(environment) {
            do {
                let words = arguments ?? Array(CommandLine.arguments.dropFirst())
                try CommandName.check(words, of: root)
                var command = try parse(words, root)
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
                return ExitStatus.done
            } catch {
                return report(error, of: root, on: environment.console)
            }
        }
    }

    private static func parse(_ words: [String], _ root: any ParsableCommand.Type) throws -> any ParsableCommand {
        do {
            return try root.parseAsRoot(LeadingDash.protected(words))
        } catch let error where root.exitCode(for: error) == .validationFailure {
            try CommandName.check(words, of: root, isRefused: true)
            throw error
        }
    }

    private static func report(_ error: any Error, of root: any ParsableCommand.Type, on console: Console) -> Int32 {
        do {
            switch error {
            case let failure as CommandFailure:
                try console.error(failure.text)
                return failure.exitCode
            case is BrokenPipe:
                return ExitStatus.brokenPipe
            case is CancellationError:
                return ExitStatus.interrupted
            default:
                break
            }
            let code = root.exitCode(for: error)
            if code == .success {
                try console.output(root.fullMessage(for: error))
                return ExitStatus.done
            }
            if code == .validationFailure {
                try console.error("error: " + root.fullMessage(for: error).trimmingPrefix("Error: "))
                return ExitStatus.usage
            }
            if !(error is ExitCode) { try console.error("error: \(error)") }
            return code.rawValue
        } catch {
            // Whoever read what we write has gone.
            return ExitStatus.brokenPipe
        }
    }
}

/// What exit codes mean in every command.
enum ExitStatus {
    static let done: Int32 = 0
    /// The command was understood and did not succeed.
    static let failed: Int32 = 1
    /// The command line is wrong.
    static let usage: Int32 = 2
    /// Something waited for did not come within `--timeout`.
    static let timedOut: Int32 = 3
    /// No scheduler took the command.
    static let notTaken: Int32 = 4
    /// As a shell reports a program ended by SIGINT.
    static let interrupted: Int32 = 130
    /// As a shell reports a program ended by SIGPIPE.
    static let brokenPipe: Int32 = 141
}
