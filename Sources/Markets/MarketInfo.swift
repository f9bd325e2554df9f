/// A market that an exchange lists.
package struct MarketInfo: Sendable, Hashable {
    /// The market.
    package var market: MarketCode
    /// The base currency's name in Korean; may be empty.
    package var koreanName: String
    /// The base currency's name in English; may be empty.
    package var englishName: String
    /// The exchange warns against the market; nil when it was not asked.
    package var warning: Bool?
    /// The exchange's names for what it cautions about at present, in alphabetical order.
    package var cautions: [String]

    /// A listed market.
    package init(
        market: MarketCode, koreanName: String, englishName: String, warning: Bool? = nil, cautions: [String]
    ) {
        self.market = market
        self.koreanName = koreanName
        self.englishName = englishName
        self.warning = warning
        self.cautions = cautions
    }
}
