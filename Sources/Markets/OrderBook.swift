package import CivilTime

/// A market's order book at one moment, as far as its exchange shows it.
package struct OrderBook: Sendable, Hashable {
    /// One price with what is offered there.
    package struct Level: Sendable, Hashable {
        /// In the quote currency.
        package var price: ExactDecimal
        /// In the base currency.
        package var size: ExactDecimal

        /// A level as given, unchecked.
        package init(price: ExactDecimal, size: ExactDecimal) {
            self.price = price
            self.size = size
        }
    }

    /// The market.
    package var market: MarketCode
    /// The exchange's time of the book's last change.
    package var exchangeTime: Timestamp
    /// Best first: descending prices.
    ///
    /// Without the zero levels that pad a thin side.
    package var bids: [Level]
    /// Best first: ascending prices.
    ///
    /// Without the zero levels that pad a thin side.
    package var asks: [Level]
    /// All bids of the exchange, in the base currency, also those beyond the levels shown.
    package var totalBidSize: ExactDecimal
    /// All asks of the exchange, in the base currency, also those beyond the levels shown.
    package var totalAskSize: ExactDecimal

    /// A book as given, unchecked; the dialects check what comes from outside.
    package init(
        market: MarketCode, exchangeTime: Timestamp, bids: [Level], asks: [Level], totalBidSize: ExactDecimal,
        totalAskSize: ExactDecimal
    ) {
        self.market = market
        self.exchangeTime = exchangeTime
        self.bids = bids
        self.asks = asks
        self.totalBidSize = totalBidSize
        self.totalAskSize = totalAskSize
    }
}
