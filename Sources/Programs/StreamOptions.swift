package import ArgumentParser
package import Commands
import FoundationEssentials
import HTTPClient
package import Logging
import Markets
import PostgresClient
import PrivateCluster
import RunStore
package import ServiceLifecycle

/// The command line of `cryptoflow-stream`: a streaming worker alone, on a database that exists.
package struct StreamOptions: ParsableArguments {
    @OptionGroup package var database: DatabaseOptions

    @Option(
        help: ArgumentHelp("Folder of migrations (default: the one that comes with the program).", valueName: "dir"))
    package var migrations: String?

    @Option(help: ArgumentHelp("Another address that speaks Upbit's REST dialect.", valueName: "url"))
    package var exchangeURL: String?

    @Option(
        name: .customLong("websocket-url"),
        help: ArgumentHelp(
            "Another address that speaks Upbit's WebSocket dialect (default: /websocket/v1 beside --exchange-url).",
            valueName: "url"))
    package var webSocketURL: String?

    @Option(
        help: ArgumentHelp(
            "Collect exactly these markets, separated by commas (default: a share of the list).", valueName: "markets"))
    package var markets: String?

    @Option(help: ArgumentHelp("This worker's name, unique among those running.", valueName: "name"))
    package var name: String?

    package init() {}

    package mutating func validate() throws { _ = try codes() }

    private func codes() throws -> [MarketCode]? {
        guard let markets else { return nil }
        let codes = try markets.split(separator: ",").map { text in
            guard let code = MarketCode(String(text)) else {
                throw ValidationError("--markets: \"\(text)\" is not a market such as KRW-BTC")
            }
            return code
        }
        guard !codes.isEmpty else { throw ValidationError("--markets names no market; write KRW-BTC,KRW-ETH") }
        return codes
    }

    /// A worker as these options say, and what to close in the end.
    ///
    /// Throws a sentence when the database cannot be used.
    package func open(logger: Logger) async throws -> (services: [any Service], close: @Sendable () async -> Void) {
        let installation = try Installation(migrations: migrations)
        let address = try DatabaseAddress.resolve(database.target)
        let home = try CryptoflowHome(path: database.target.home)
        try home.prepare()
        let password = try StandaloneService.warehousePassword(home)
        let given = ProcessInfo.processInfo.environment["CRYPTOFLOW_CONN_WAREHOUSE"]
        try await DatabaseSetup.prepare(
            ownerURL: address.ownerURL, warehousePassword: given == nil ? password : nil,
            migrationsDirectory: installation.migrations)
        let owner = try PostgresSettings(url: address.ownerURL)
        let warehouseURL =
            given ?? DatabaseURL.url(owner, user: DatabaseURL.warehouseRole, password: password)
        var source = MarketSource()
        source.upbitURL = exchangeURL
        var settings = StreamProgram.Settings()
        if let name { settings.worker = name }
        settings.markets = try codes()
        settings.webSocketURL = webSocketURL
        let http = HTTPClient()
        let parts = try await StreamProgram.open(
            warehouseURL: warehouseURL, source: source, http: http, settings: settings, logger: logger)
        return (
            parts.services,
            {
                await parts.close()
                await http.shutDown()
            }
        )
    }
}
