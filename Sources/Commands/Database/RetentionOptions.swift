package import ArgumentParser
import CivilTime
package import RunStore

/// How long history and logs are kept, as a command line and the environment say.
package struct RetentionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long runs are kept after their end, or forever (default: $CRYPTOFLOW_KEEP_RUNS_FOR, else 180d).",
            valueName: "time"))
    package var keepRunsFor: String?

    @Option(
        help: ArgumentHelp(
            "How many runs of each DAG are kept, or all (default: $CRYPTOFLOW_KEEP_RUNS, else 50000).", valueName: "n"))
    package var keepRuns: String?

    @Option(
        help: ArgumentHelp(
            "How long logs are kept after their last line, or forever (default: $CRYPTOFLOW_KEEP_LOGS_FOR, else 60d).",
            valueName: "time"))
    package var keepLogsFor: String?

    package init() {}

    static let runsForVariable = "CRYPTOFLOW_KEEP_RUNS_FOR"
    static let runsVariable = "CRYPTOFLOW_KEEP_RUNS"
    static let logsForVariable = "CRYPTOFLOW_KEEP_LOGS_FOR"

    package func validate() throws {
        _ = try settings(environment: [:])
    }

    /// What options, then the environment, then the defaults say.
    ///
    /// Throws `ValidationError` with the name of what cannot be read.
    package func settings(environment: [String: String]) throws -> RetentionSettings {
        var settings = RetentionSettings()
        func given(_ option: String?, _ flag: String, _ variable: String) -> (text: String, name: String)? {
            if let option { return (option, flag) }
            return environment[variable].flatMap { $0.isEmpty ? nil : ($0, variable) }
        }
        if let (text, name) = given(keepRunsFor, "--keep-runs-for", Self.runsForVariable) {
            settings.runsFor = try Self.age(text, name)
        }
        if let (text, name) = given(keepLogsFor, "--keep-logs-for", Self.logsForVariable) {
            settings.logsFor = try Self.age(text, name)
        }
        if let (text, name) = given(keepRuns, "--keep-runs", Self.runsVariable) {
            settings.runs = try Self.count(text, name)
        }
        return settings
    }

    static func count(_ text: String, _ name: String) throws -> Int? {
        if text.lowercased() == "all" { return nil }
        guard let count = Int(text), count >= 0 else {
            throw ValidationError("\(name) is a number of runs such as 50000, or all, not \"\(text)\"")
        }
        return count
    }

    static func age(_ text: String, _ name: String) throws -> Duration? {
        if text.lowercased() == "forever" { return nil }
        guard let age = try? Duration(parsing: text), age > .zero else {
            throw ValidationError("\(name) is a time such as 90d or 12h, or forever, not \"\(text)\"")
        }
        return age
    }
}
