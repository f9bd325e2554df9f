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
    private static let homeVariable = "CRYPTOFLOW_HOME"
    private static let defaultHome = ".cryptoflow"

    /// What the flags, then the environment, then the defaults say.
    ///
    /// `--home` alone means that home's own database, also where the environment names another.
    package var target: DatabaseTarget {
        let environment = CommandEnvironment.current
        let url = database ?? (home == nil ? environment.variable(Self.urlVariable) : nil)
        return DatabaseTarget(url: url, home: home ?? environment.variable(Self.homeVariable) ?? Self.defaultHome)
    }

    /// Opens the history, lets `body` work with it, and closes it whatever happens.
    func withHistory<Result>(_ body: (OpenedHistory) async throws -> Result) async throws -> Result {
        let opened = try await CommandEnvironment.current.opener.open(target)
        do {
            let result = try await body(opened)
            await opened.close()
            return result
        } catch {
            await opened.close()
            throw error
        }
    }
}
