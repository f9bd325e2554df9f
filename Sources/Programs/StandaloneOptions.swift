package import ArgumentParser
package import CivilTime
package import Commands
package import Hosting

/// The command line of `cryptoflow standalone`.
package struct StandaloneOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder for database, logs and secrets.", valueName: "dir"))
    package var home = ".cryptoflow"

    @Option(help: "Port of the web page on 127.0.0.1; 0 takes a free one.")
    package var port = 8080

    @Flag(name: .customLong("no-fill"), help: "Do not fetch history at the first start.")
    package var skipsFill = false

    @Option(help: "Market data: live, recorded, or auto (asks Upbit once, at the first start, and remembers).")
    package var feed = FeedChoice.auto

    @Option(
        help: ArgumentHelp(
            "Let the recorded exchange's clock stand still at this instant (ISO 8601).", valueName: "instant"),
        transform: StandaloneOptions.instant)
    package var recordedNow: Timestamp?

    @OptionGroup package var folders: FolderOptions

    @OptionGroup package var exchange: ExchangeAddresses

    @Flag(name: .customLong("no-stream"), help: "Do not collect trades, tickers and order books as they happen.")
    package var skipsStream = false

    @OptionGroup package var queues: OwnQueuesOption

    @OptionGroup package var retention: RetentionOptions

    package init() {}

    private static func instant(_ text: String) throws -> Timestamp {
        guard let instant = Timestamp(iso8601: text) else {
            throw ValidationError("\"\(text)\" is not an instant such as 2026-11-20T12:00:00Z")
        }
        return instant
    }

    package mutating func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is between 0 and 65535, not \(port)") }
        if recordedNow != nil && feed == .live {
            throw ValidationError("--recorded-now needs the recorded feed; leave out --feed live")
        }
    }
}
