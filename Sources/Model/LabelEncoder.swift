package import ModelRegistry

/// The codes of markets, as one model knows them.
///
/// A market it does not know has no code: the feature is a missing value, which XGBoost sends the way it learnt for
/// missing ones, and the forecast says that the market was not known.
package struct LabelEncoder: Sendable, Hashable {
    private let codes: [MarketKey: Int]

    package init(_ codes: [ModelCard.MarketCode]) {
        self.codes = Dictionary(
            codes.map { (MarketKey(exchange: $0.exchange, market: $0.market), $0.code) }, uniquingKeysWith: { $1 })
    }

    /// Nil for a market that is not known.
    package func code(of market: MarketKey) -> Int? { codes[market] }

    /// For the card, by code.
    package var entries: [ModelCard.MarketCode] {
        codes.map { ModelCard.MarketCode(exchange: $0.key.exchange, market: $0.key.market, code: $0.value) }
            .sorted { $0.code < $1.code }
    }

    /// Only the codes of some markets.
    package func restricted(to markets: Set<MarketKey>) -> LabelEncoder {
        LabelEncoder(entries.filter { markets.contains(MarketKey(exchange: $0.exchange, market: $0.market)) })
    }

    /// The whole vector of a row, as XGBoost is given it; a missing value is NaN.
    package func vector(_ row: FeatureRow) -> [Float] {
        [code(of: row.market).map { Float($0) } ?? .nan] + row.values.map { Float($0) }
    }
}
