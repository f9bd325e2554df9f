package import ArgumentParser
package import Commands
import HTTPClient
package import Hosting
package import Logging
import Markets
package import ServiceLifecycle

/// The command line of `cryptoflow-stream`: a streaming worker alone, on a database that exists.
package struct StreamOptions: ParsableArguments {
    @OptionGroup package var database: DatabaseOptions

    @OptionGroup package var migrations: MigrationsOption

    @OptionGroup package var exchange: ExchangeAddresses

    @Option(
        help: ArgumentHelp(
            "Collect exactly these markets, separated by commas (default: a share of the list).", valueName: "markets"))
    package var markets: String?

    @Option(help: ArgumentHelp("This worker's name, unique among those running.", valueName: "name"))
    package var name: String?

    @Option(
        help: ArgumentHelp(
            "Serve the pages, the market API, /ws/prices and /metrics at this port of 127.0.0.1; 0 takes a free one "
                + "(default: no pages).", valueName: "port"))
    package var port: Int?

    package init() {}

    package mutating func validate() throws {
        _ = try codes()
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port is between 0 and 65535, not \(port)")
        }
    }

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
    package func open(
        logger: Logger
    ) async throws -> (
        services: [ServiceGroupConfiguration.ServiceConfiguration], close: @Sendable () async -> Void
    ) {
        let installation = try migrations.installation()
        let address = try DatabaseAddress.resolve(database.target)
        let home = try database.preparedHome()
        let access = try WarehouseAccess(home: home)
        try await access.prepare(ownerURL: address.ownerURL, migrations: try installation.migrations())
        let warehouseURL = try access.url(ownerURL: address.ownerURL)
        var source = MarketSource()
        source.upbitURL = exchange.rest
        var settings = StreamProgram.Settings()
        if let name { settings.worker = name }
        settings.markets = try codes()
        settings.webSocketURL = exchange.webSocket
        let http = HTTPClient()
        let parts = try await StreamProgram.open(
            warehouseURL: warehouseURL, source: source, http: http, settings: settings, logger: logger)
        guard let port else {
            return (
                parts.services.map { .init(service: $0) },
                {
                    await parts.close()
                    await http.shutDown()
                }
            )
        }
        let pages = try StreamPages(
            parts: parts, ownerURL: address.ownerURL, warehouseURL: warehouseURL, home: home, port: port)
        return (
            pages.services,
            {
                await pages.close()
                await parts.close()
                await http.shutDown()
            }
        )
    }
}
