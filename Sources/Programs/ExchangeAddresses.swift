package import ArgumentParser

/// Where an exchange is asked, when not at its own addresses.
package struct ExchangeAddresses: ParsableArguments {
    @Option(
        name: .customLong("exchange-url"),
        help: ArgumentHelp("Another address that speaks Upbit's REST dialect.", valueName: "url"))
    package var rest: String?

    @Option(
        name: .customLong("websocket-url"),
        help: ArgumentHelp(
            "Another address that speaks Upbit's WebSocket dialect (default: /websocket/v1 beside --exchange-url).",
            valueName: "url"))
    package var webSocket: String?

    package init() {}
}
