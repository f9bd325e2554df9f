package import ArgumentParser

/// Which run history a command works on.
///
/// For every command that reads or asks for something.
package struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "PostgreSQL URL of the run history (default: $CRYPTOFLOW_DATABASE_URL, else the home's own).",
            valueName: "url"))
    package var database: String?

    @Option(
        help: ArgumentHelp(
            "Home folder, with the private database and the logs (default: $CRYPTOFLOW_HOME, else .cryptoflow).",
            valueName: "dir"))
    package var home: String?

    package init() {}

    private static let urlVariable = "CRYPTOFLOW_DATABASE_URL"

    /// What the flags, then the environment, then the defaults say.
    ///
    /// `--home` alone means that home's own database, also where the environment names another.
    package var target: DatabaseTarget {
        let environment = CommandEnvironment.current
        let url = database ?? (home == nil ? environment.variable(Self.urlVariable) : nil)
        return DatabaseTarget(url: url, home: environment.home(home))
    }

    /// Opens the history, lets `body` work with it, and closes it whatever happens.
    func withHistory<Result>(_ body: (OpenedHistory) async throws -> Result) async throws -> Result {
        try await closing(CommandEnvironment.current.opener.open(target), by: { await $0.close() }, body)
    }
}

/// Lets `body` work with what has been opened, and closes it whatever happens.
func closing<Opened, Result>(
    _ opened: Opened, by close: (Opened) async -> Void, _ body: (Opened) async throws -> Result
) async rethrows -> Result {
    do {
        let result = try await body(opened)
        await close(opened)
        return result
    } catch {
        await close(opened)
        throw error
    }
}
