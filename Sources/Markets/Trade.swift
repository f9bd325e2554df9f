package import CivilTime

/// One trade.
package struct Trade: Sendable, Hashable {
    /// Who took: `bid` when the buyer took the seller's offer.
    package enum TakerSide: String, Sendable, Hashable, CaseIterable, Codable {
        case bid, ask
    }

    /// The market.
    package var market: MarketCode
    /// Whole seconds in Upbit's trades of before 2024.
    package var tradedAt: Timestamp
    /// In the quote currency.
    package var price: ExactDecimal
    /// In the base currency.
    package var volume: ExactDecimal
    /// Who took.
    package var takerSide: TakerSide
    /// Unique within market and exchange, above 2^53, and not always increasing.
    package var sequentialID: Int64
    /// The close of the UTC day before.
    package var previousClose: ExactDecimal

    /// A trade as given, unchecked; the dialects check what comes from outside.
    package init(
        market: MarketCode, tradedAt: Timestamp, price: ExactDecimal, volume: ExactDecimal, takerSide: TakerSide,
        sequentialID: Int64, previousClose: ExactDecimal
    ) {
        self.market = market
        self.tradedAt = tradedAt
        self.price = price
        self.volume = volume
        self.takerSide = takerSide
        self.sequentialID = sequentialID
        self.previousClose = previousClose
    }
}
