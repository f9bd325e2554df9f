package import DAGModel
import Markets

extension MarketFetch {
    /// What documents may say.
    package static let signature = OperatorSignature(
        name: "market_fetch",
        aliases: ["cryptoflow.operators.MarketFetch"],
        summary: "Asks an exchange for candles or 24-hour tickers and keeps every reply in Bronze.",
        parameters: [
            .init(
                "exchange", .string, required: true, choices: MarketGateway.exchanges.map(\.rawValue),
                "The exchange to ask."),
            .init(
                "endpoint", .string, required: true, choices: MarketEndpoint.allCases.map(\.rawValue),
                "candles: the candles of an interval; ticker_24h: the present 24-hour tickers of all markets."),
            .init("unit", .integer, "Candles: their length in minutes, 60 (the default) or 240."),
            .init("markets", .list, "Candles: the markets, such as [KRW-BTC, KRW-ETH]."),
            .init("quote", .string, "Tickers: the currency of the prices; KRW unless given."),
            .init(
                "start", .string,
                "Candles: the first hour, UTC, instead of the run's data interval. Empty or None counts as absent."),
            .init("end", .string, "Candles: the end of the hours, exclusive; with start."),
            .init(
                "skip_after", .duration,
                "Tickers: a scheduled run that starts later than this after its instant skips; 10m unless given."),
        ])
}
